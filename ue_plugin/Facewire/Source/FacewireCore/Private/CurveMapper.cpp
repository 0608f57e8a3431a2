#include "FacewireCore/CurveMapper.h"

#include <utility>

#include "MappingProgram.h"

namespace facewire {

Result<CurveMapper> CurveMapper::make(const MappingTable& table, const FaceSource& source) {
    Result<MappingProgram> program = compileMapping(table, source);
    if (!program) return std::move(program).error();
    return CurveMapper(source, std::make_unique<const MappingProgram>(std::move(program).value()));
}

CurveMapper::CurveMapper(FaceSource source, std::unique_ptr<const MappingProgram> program) noexcept
    : _source(std::move(source)), _program(std::move(program)) {}

CurveMapper::CurveMapper(CurveMapper&& other) noexcept = default;
CurveMapper& CurveMapper::operator=(CurveMapper&& other) noexcept = default;
CurveMapper::~CurveMapper() = default;

const std::vector<std::string>& CurveMapper::names() const noexcept {
    return _program->names;
}

bool CurveMapper::apply(Span<const float> face, Span<const float> eyes,
                        Span<float> out) const noexcept {
    const bool fits = face.size() == _program->rowSize && out.size() == _program->names.size() &&
                      (!_program->gaze || eyes.empty() || eyes.size() == kGazeAngleCount);
    if (fits) runMapping(*_program, face, eyes, out);
    return fits;
}

Result<bool> CurveMapper::reload(ByteView json) {
    const Result<MappingTable> table = readMappingTable(json);
    if (!table) return table.error();
    Result<CurveMapper> mapper = make(table.value(), _source);
    if (!mapper) return std::move(mapper).error();
    const bool keepsNames = mapper.value().names() == names();
    *this = std::move(mapper).value();
    return keepsNames;
}

}  // namespace facewire
