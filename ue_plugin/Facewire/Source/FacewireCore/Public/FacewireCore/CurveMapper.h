#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "FacewireCore/ByteView.h"
#include "FacewireCore/MappingInputs.h"
#include "FacewireCore/MappingTable.h"
#include "FacewireCore/Result.h"
#include "FacewireCore/Span.h"

namespace facewire {

struct MappingProgram;

/// What face rows a CurveMapper is given.
struct FaceSource {
    /// What the values of a row are called, in camelCase or PascalCase; empty: the curves of
    /// kMappingInputs in their order. Names that are no face curve are passed over; curves that are
    /// not among them read 0.
    std::vector<std::string> inputs;
    /// What the source means by mouthClose.
    MouthMeaning mouthClose = MouthMeaning::Arkit;
    /// Whether gaze angles come with the rows. Curves that know both eyeLook weights and gaze
    /// angles read the angles then, else the weights.
    bool gaze = false;
    /// Swap the sides of the face.
    bool mirror = false;
};

/// Face rows in, rows of a rig's curves out: a table made ready for one kind of source.
///
/// Results are the daemon's, bit for bit: both work in float64, in the same order, without fused
/// multiply-adds. apply() may run on several threads at once, but not while reload() does.
class CurveMapper {
public:
    /// Prepare a table.
    ///
    /// @returns The mapper, or Malformed when an input is named twice.
    static Result<CurveMapper> make(const MappingTable& table, const FaceSource& source = {});

    CurveMapper(CurveMapper&& other) noexcept;
    CurveMapper& operator=(CurveMapper&& other) noexcept;
    ~CurveMapper();

    /// Curve names in the order of a row.
    const std::vector<std::string>& names() const noexcept;

    /// Map one row. Allocates nothing.
    ///
    /// @param face As many values as the source has inputs; what is not finite reads 0.
    /// @param eyes Degrees in the order of the wire's `eyes`; none: straight ahead. Not read when
    /// the
    ///     source has no gaze.
    /// @param out As many values as names().
    /// @returns False, with nothing written, when a size is not that.
    [[nodiscard]] bool apply(Span<const float> face, Span<const float> eyes,
                             Span<float> out) const noexcept;

    /// Take the text of an edited table from now on; keep the old one when it is refused.
    ///
    /// @returns Whether names() are still the same in the same order; if not, whoever holds them
    ///     must ask anew. Or the error of readMappingTable().
    Result<bool> reload(ByteView json);

private:
    CurveMapper(FaceSource source, std::unique_ptr<const MappingProgram> program) noexcept;

    FaceSource _source;
    std::unique_ptr<const MappingProgram> _program;
};

}  // namespace facewire
