"""The words of other libraries and languages, and what stands for them here: one table of all such words.

The other names of layers, losses and so on stand with their classes (`aliases`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tuicnn.vocabulary.values import UNITS

__all__ = [
    "ABSENT_LAYERS", "ACTIVATION_OPTIONS", "BINDERS", "COUNTED_LAYERS", "DEFINERS", "FALSE_WORDS", "JOINS",
    "NEEDLESS_OPTIONS", "NEEDLESS_STEPS", "NETWORK_NAMES", "NUMBER_WORDS", "OPPOSITES", "OPTIONS", "PAIRS", "REPEATERS",
    "SETTINGS", "SWITCHED_OFF", "TIME_UNITS", "TRUE_WORDS", "WRAPPERS",
]  # fmt: skip

#: options
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "kernel": ("kernel_size", "ksize", "k", "size", "window", "pool_size", "filter_size"),
    "filters": ("out_channels", "channels", "num_filters", "n_filters", "out", "f", "features", "outputs", "c"),
    "units": ("out_features", "n", "neurons", "nodes", "hidden", "size", "outputs", "out", "num_units", "dim"),
    "stride": ("strides", "s", "step", "subsample"),
    "pad": ("padding", "p", "border", "zero_padding"),
    "output_pad": ("output_padding", "outpad", "out_pad", "outputpad"),
    "dilation": ("dilation_rate", "d", "dilations"),
    "groups": ("group", "num_groups", "g", "cardinality"),
    "bias": ("use_bias", "b", "with_bias"),
    "init": ("initializer", "initialiser", "kernel_initializer", "weight_init", "initialization", "weights"),
    "freeze": ("frozen", "fixed", "locked", "trainable", "requires_grad", "learnable"),
    "rate": ("lr_mult", "lr_multiplier", "lr_scale", "lr_factor", "lr", "learning_rate"),
    "bias_rate": ("bias_lr", "bias_lr_mult", "bias_lr_factor", "bias_scaler", "lr_bias"),
    "share": ("p", "rate", "prob", "probability", "ratio", "dropout"),
    "keep": ("keepdims", "keepdim", "keep_dims", "keep_dim"),
    "shared": ("share", "shared_axes", "channel_shared"),
    "start": ("init_values", "init_value", "init", "gamma", "start_factor", "warmup_start"),
    "offset": ("shift", "bias", "add", "b"),
    "slope": ("init", "alpha", "negative_slope", "a"),
    "eps": ("epsilon",),
    "lr": ("learning_rate", "learningrate", "rate", "eta", "alpha", "step_size"),
    "decay": ("weight_decay", "weightdecay", "wd", "l2", "decay_mult", "weight_decay_mult"),
    "momentum": ("mom", "m"),
    "clip": (
        "clipnorm",
        "clip_norm",
        "global_clipnorm",
        "grad_clip",
        "clip_grad",
        "clip_grad_norm",
        "gradient_clip",
        "gradient_clip_val",
        "max_norm",
        "max_grad_norm",
        "gradient_clipping",
        "clipping",
    ),
    "exclude": (
        "no_decay",
        "no_weight_decay",
        "exclude_from_weight_decay",
        "exclude_bias_n_norm",
        "exclude_bias_and_norm",
        "filter_bias_and_bn",
        "skip_decay",
        "except",
        "without",
    ),
    "trust": ("trust_coefficient", "trust_coeff", "trust_ratio"),
    "beta1": ("b1", "beta_1"),
    "beta2": ("b2", "beta_2"),
    "nesterov": ("use_nesterov", "nag"),
    "epochs": ("epoch", "num_epochs", "n_epochs", "max_epochs", "iterations", "passes"),
    "batch": ("batch_size", "batchsize", "bs", "batches", "minibatch"),
    "ema": ("ema_decay", "ema_momentum", "use_ema", "polyak", "moving_average", "average", "swa"),
    "lookahead": ("lookahead_steps", "lookahead_k", "la_steps", "k", "slow_steps"),
    "alpha": ("lookahead_alpha", "la_alpha", "slow_step_size"),
    "seed": ("random_seed", "random_state", "rng", "manual_seed"),
    "smoothing": ("label_smoothing", "smooth"),
    "weights": ("class_weight", "class_weights", "weight", "alpha", "pos_weight"),
    "gamma": ("focusing", "focus"),
    "delta": ("beta",),
    "warmup": ("warm_up", "warmup_epochs"),
    "final": ("eta_min", "min_lr", "lr_min", "end_factor", "end_lr", "final_lr", "end", "minimum"),
    "every": ("t_0", "t0", "period", "cycle", "first_decay_steps", "first"),
    "growth": ("t_mult", "tmult", "mult"),
    "threshold": ("min_delta", "tolerance", "tol"),
    "patience": ("early_stopping", "early_stop", "earlystopping", "stop_early", "n_iter_no_change"),
    "rise": ("pct_start", "warmup_share"),
    "at": ("milestones", "steps", "epochs", "every", "step_size", "boundaries"),
    "factor": ("gamma", "rate", "decay", "drop", "scale_factor", "scale", "size"),
    "mode": ("interpolation", "method"),
    "val": ("validation", "val_size", "valid", "val_split", "validation_split", "val_fraction"),
    "limit": ("max", "count", "samples", "num_samples", "subset", "n", "train"),
    "classes": ("labels", "class", "only", "digits"),
    "normalise": (
        "normalize",
        "normalization",
        "normalisation",
        "standardize",
        "standardise",
        "standardization",
        "preprocess",
    ),
    "size": ("resize", "image_size", "img_size", "resolution", "target_size", "input_size"),
    "colour": ("color", "mode", "color_mode", "colour_mode", "channels"),
    "fit": ("resize_mode", "crop", "method", "how"),
    "test": ("test_file", "testing", "test_data", "valid"),
    "label": ("label_column", "target", "target_column", "labels"),
    "skip": ("ignore", "skip_bad", "errors", "on_error"),
    "shift": ("translate", "translation", "crop", "random_crop", "jitter"),
    "flip": ("tta", "mirror", "hflip", "vflip", "horizontal_flip", "vertical_flip", "random_flip"),
    "fill": ("padding_mode", "fill_mode", "pad_mode", "border", "mode", "padding"),
    "rotate": ("rotation", "degrees", "random_rotation"),
    "crop": ("random_resized_crop", "randomresizedcrop", "resized_crop", "zoom", "scale"),
    "brightness": ("bright", "color_jitter", "colour_jitter", "light"),
    "mixup": ("mixup_alpha", "mix_up"),
    "cutmix": ("cutmix_alpha", "cut_mix"),
    "cutout": ("erase", "erasing", "random_erasing"),
}
#: options that are two here
PAIRS: Mapping[str, tuple[str, str]] = {"betas": ("beta1", "beta2")}
#: options of a layer for which a layer of its own stands here
ACTIVATION_OPTIONS = frozenset({"activation", "act", "nonlinearity", "activation_fn"})
#: switches that say the opposite of the option that stands for them
OPPOSITES = frozenset({"trainable", "requires_grad", "learnable"})
#: options that a network finds out by itself
NEEDLESS_OPTIONS = frozenset(
    {"in_channels", "in_features", "input_shape", "input_dim", "num_features", "data_format", "name", "inplace", "dim"}
)
#: switches of layers whose weights can be frozen, and what is written where they are off
SWITCHED_OFF = {"scale": "freeze=weight", "affine": "freeze=true", "elementwise_affine": "freeze=true"}
#: layers that are told elsewhere how many channels they receive
COUNTED_LAYERS = frozenset({"batchnorm", "layernorm"})
#: settings
SETTINGS = {
    "optimizer": "optim", "optimiser": "optim", "dataset": "data", "objective": "loss", "criterion": "loss",
    "tta": "test", "evaluation": "test", "eval": "test", "evaluate": "test", "testing": "test",
    "training": "train", "scheduler": "schedule", "augmentation": "augment", "import": "include",
    "defaults": "default", "shape": "input", "input_shape": "input", "opt": "optim", "fit": "train",
    "lr_schedule": "schedule", "lr_scheduler": "schedule", "transforms": "augment", "transform": "augment",
    "loss_fn": "loss", "loss_function": "loss", "datasets": "data", "size": "input",
}  # fmt: skip
#: words before branches
JOINS = {
    **dict.fromkeys(("branch", "branches", "parallel", "split", "fork", "merge"), "concat"),
    **dict.fromkeys(("skip", "resblock", "shortcut", "resnet"), "residual"),
}
#: steps that are not needed here, and why
NEEDLESS_STEPS = {
    "argmax": "the loss and the accuracy look for the largest output themselves",
    **dict.fromkeys(("log_softmax", "logsoftmax"), "the loss does that itself"),
    **dict.fromkeys(("input", "inputs", "image", "start"), "a network begins with its first layer"),
    **dict.fromkeys(("output", "outputs", "return"), "a network ends with its last layer"),
    **dict.fromkeys(("end", "done"), "a block ends by itself"),
    **dict.fromkeys(("import", "from"), "a network needs no imports"),
    "print": "a network has only layers and settings",
    "layer": "a layer is written by its name alone",
    "model": "a network needs no name",
}
#: layers that there are none of here: what they do, and what is nearest
ABSENT_LAYERS = {
    "glu": ("a gate of two halves of the channels", "multiply { conv 8 1x1 | conv 8 1x1 -> sigmoid }"),
    "swiglu": ("a gate of two halves of the channels", "multiply { conv 8 1x1 | conv 8 1x1 -> silu }"),
    "geglu": ("a gate of two halves of the channels", "multiply { conv 8 1x1 | conv 8 1x1 -> gelu }"),
    **dict.fromkeys(("subtract", "sub"), ("a difference of branches", "add")),
    "maximum": ("the larger of two branches", "add"),
    "maxout": ("the largest of several outputs", "relu"),
}
#: words before a constant, and before a block
BINDERS = frozenset({"let", "const", "var", "set", "val", "auto", "int", "float", "local"})
DEFINERS = frozenset(
    {"function", "func", "fn", "fun", "block", "define", "macro", "module", "class", "let", "sub", "proc"}
)
#: names of the network as a whole, and what is put around it
NETWORK_NAMES = frozenset(
    {"layers", "layer", "network", "net", "model", "architecture", "arch", "body", "cnn", "main", "forward", "nn"}
    | {"graph"}
)
WRAPPERS = frozenset({"sequential", "model.add", "net.add", "models.sequential", "nn.sequential", "self.add"})
#: words of a loop
REPEATERS = frozenset({"repeat", "loop", "times"})
#: units of time, in seconds
TIME_UNITS = {
    **UNITS, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
}  # fmt: skip
TRUE_WORDS = frozenset({"true", "yes", "on", "y", "t"})
FALSE_WORDS = frozenset({"false", "no", "off", "none", "n", "f", "null"})
NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
