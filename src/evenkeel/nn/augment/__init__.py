"""Augmentation: changed copies of rare items, transforms for numbers, images and sound, mixing."""

from evenkeel.nn.augment.crop import Crop
from evenkeel.nn.augment.flip import Flip
from evenkeel.nn.augment.gaussian_noise import GaussianNoise
from evenkeel.nn.augment.in_order import InOrder
from evenkeel.nn.augment.mixed_labels import MixedLabels
from evenkeel.nn.augment.mixup import Mixup
from evenkeel.nn.augment.partial_augment import PartialAugment
from evenkeel.nn.augment.pitch_change import PitchChange
from evenkeel.nn.augment.remix import Remix
from evenkeel.nn.augment.rotation import Rotation
from evenkeel.nn.augment.shift import Shift
from evenkeel.nn.augment.sometimes import Sometimes
from evenkeel.nn.augment.sound_noise import SoundNoise
from evenkeel.nn.augment.spec_masking import SpecMasking
from evenkeel.nn.augment.speed_change import SpeedChange
from evenkeel.nn.augment.time_shift import TimeShift
from evenkeel.nn.augment.transform import Transform

__all__ = [
    "Crop",
    "Flip",
    "GaussianNoise",
    "InOrder",
    "MixedLabels",
    "Mixup",
    "PartialAugment",
    "PitchChange",
    "Remix",
    "Rotation",
    "Shift",
    "Sometimes",
    "SoundNoise",
    "SpecMasking",
    "SpeedChange",
    "TimeShift",
    "Transform",
]
