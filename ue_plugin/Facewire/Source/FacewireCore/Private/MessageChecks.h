#pragma once

#include "FacewireCore/Codec.h"

namespace facewire::rules {

/// Refuse fields that are each right but contradict one another.
Status checkTogether(const messages::OpenStream& message);
Status checkTogether(const messages::Audio& message);
Status checkTogether(const messages::Frames& message);

template <typename AnyOther>
Status checkTogether(const AnyOther&) {
    return Status();
}

}  // namespace facewire::rules
