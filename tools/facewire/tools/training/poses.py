"""Faces of the ten Audio2Face emotions, as ARKit weights at full strength.

Hand-set, moderate enough to be added to speech: mouth channels stay low so that closures survive.
"""

EMOTION_POSES: dict[str, dict[str, float]] = {
    "amazement": {
        "browInnerUp": 0.6, "browOuterUpLeft": 0.55, "browOuterUpRight": 0.55,
        "eyeWideLeft": 0.5, "eyeWideRight": 0.5, "jawOpen": 0.08,
    },
    "anger": {
        "browDownLeft": 0.7, "browDownRight": 0.7, "eyeSquintLeft": 0.3, "eyeSquintRight": 0.3,
        "noseSneerLeft": 0.35, "noseSneerRight": 0.35, "mouthFrownLeft": 0.2,
        "mouthFrownRight": 0.2, "mouthPressLeft": 0.15, "mouthPressRight": 0.15,
    },
    "cheekiness": {
        "mouthSmileLeft": 0.45, "mouthSmileRight": 0.2, "mouthDimpleLeft": 0.3,
        "browOuterUpRight": 0.35, "cheekSquintLeft": 0.3, "eyeSquintLeft": 0.25,
    },
    "disgust": {
        "noseSneerLeft": 0.6, "noseSneerRight": 0.6, "browDownLeft": 0.4, "browDownRight": 0.4,
        "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2, "mouthFrownLeft": 0.25,
        "mouthFrownRight": 0.25, "cheekSquintLeft": 0.25, "cheekSquintRight": 0.25,
    },
    "fear": {
        "browInnerUp": 0.7, "browOuterUpLeft": 0.25, "browOuterUpRight": 0.25,
        "eyeWideLeft": 0.6, "eyeWideRight": 0.6, "mouthStretchLeft": 0.3,
        "mouthStretchRight": 0.3, "mouthFrownLeft": 0.1, "mouthFrownRight": 0.1,
    },
    "grief": {
        "browInnerUp": 0.75, "browDownLeft": 0.2, "browDownRight": 0.2, "mouthFrownLeft": 0.45,
        "mouthFrownRight": 0.45, "mouthShrugLower": 0.2, "eyeSquintLeft": 0.35,
        "eyeSquintRight": 0.35, "cheekSquintLeft": 0.2, "cheekSquintRight": 0.2,
    },
    "joy": {
        "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5, "cheekSquintLeft": 0.4,
        "cheekSquintRight": 0.4, "eyeSquintLeft": 0.25, "eyeSquintRight": 0.25,
        "mouthDimpleLeft": 0.15, "mouthDimpleRight": 0.15, "browInnerUp": 0.1,
    },
    "outofbreath": {
        "jawOpen": 0.15, "browInnerUp": 0.3, "noseSneerLeft": 0.15, "noseSneerRight": 0.15,
        "eyeSquintLeft": 0.15, "eyeSquintRight": 0.15,
    },
    "pain": {
        "browDownLeft": 0.6, "browDownRight": 0.6, "browInnerUp": 0.35, "eyeSquintLeft": 0.6,
        "eyeSquintRight": 0.6, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4,
        "noseSneerLeft": 0.3, "noseSneerRight": 0.3, "mouthStretchLeft": 0.2,
        "mouthStretchRight": 0.2,
    },
    "sadness": {
        "browInnerUp": 0.6, "mouthFrownLeft": 0.4, "mouthFrownRight": 0.4,
        "mouthShrugLower": 0.15, "eyeSquintLeft": 0.15, "eyeSquintRight": 0.15,
    },
}  # fmt: skip
