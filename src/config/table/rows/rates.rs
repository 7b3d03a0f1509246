//! The rows of the section `wan` on rates.
//! Promises: names, ranges, defaults and help texts, and nothing that computes.
//! Must not know how sections are read or what their values do.

use super::{G, M, ONE, factor, options, rate};
use crate::{
    config::{
        kind::AtExit,
        number::{Limits, Number, Unit},
        table::{
            Preset::{Absent, Required, Value},
            Spec, both, of,
        },
    },
    control::units::{
        Direction::{Download, Upload},
        PerDirection, Rate, Ratio,
    },
};

/// A floor may lie below the lowest ceiling: the slowest lines are slower in bad hours.
const FLOOR_RATE: Number<Rate> = rate(M / 10, 10 * G);
const FACTOR_RED: Number<Ratio> = factor(ONE / 10, ONE);
const FACTOR_RED_HELP: &str = "What a red cycle multiplies the rate by.";
const FACTOR_YELLOW_HELP: &str = "What a yellow cycle multiplies the rate by.";

options! {
    CEILING: PerDirection<Spec<Number<Rate>>> = both(
        "ceiling", rate(M, 10 * G), Required("500M"),
        "The highest rate: what the line carries at its best.",
    );
    BASE: PerDirection<Spec<Number<Rate>>> = both(
        "base", FLOOR_RATE, Absent("learnt from what the line carries", "400M"),
        "Where a burst starts after a pause, with the adaptive law; from the lowest floor to the \
         ceiling.",
    );
    FLOOR: PerDirection<Spec<Number<Rate>>> = both(
        "floor", FLOOR_RATE, Absent("this or every floor below", "50M"),
        "Every floor that is not given by itself.",
    );
    FLOOR_GREEN: PerDirection<Spec<Number<Rate>>> = both(
        "floor_green", FLOOR_RATE, Absent("the direction's floor", "100M"),
        "Sustained green raises the rate at least to this.",
    );
    FLOOR_YELLOW: PerDirection<Spec<Number<Rate>>> = both(
        "floor_yellow", FLOOR_RATE, Absent("the direction's floor", "75M"),
        "Yellow does not lower the rate below this.",
    );
    DOWNLOAD_FLOOR_SOFT_RED: Spec<Number<Rate>> = of(
        Download, "floor_soft_red", FLOOR_RATE, Absent("the direction's floor", "50M"),
        "Lies between the floors of yellow and red; soft red itself holds the rate.",
    );
    FLOOR_RED: PerDirection<Spec<Number<Rate>>> = both(
        "floor_red", FLOOR_RATE, Absent("the direction's floor", "25M"),
        "Nothing lowers the rate below this.",
    );
    STEP_UP: PerDirection<Spec<Number<Rate>>> = both(
        "step_up", rate(M / 10, 100 * M), Absent("0.2 % of ceiling, at least 0.1M", "1M"),
        "What one green cycle adds after the streak.",
    );
    FACTOR_DOWN: PerDirection<Spec<Number<Ratio>>> = PerDirection {
        download: of(Download, "factor_down", FACTOR_RED, Value("0.85"), FACTOR_RED_HELP),
        upload: of(Upload, "factor_down", FACTOR_RED, Value("0.90"), FACTOR_RED_HELP),
    };
    FACTOR_DOWN_YELLOW: PerDirection<Spec<Number<Ratio>>> = PerDirection {
        download: of(
            Download, "factor_down_yellow", factor(ONE / 10 * 8, ONE), Value("0.96"),
            FACTOR_YELLOW_HELP,
        ),
        upload: of(
            Upload, "factor_down_yellow", factor(ONE / 10 * 9, ONE), Value("0.94"),
            FACTOR_YELLOW_HELP,
        ),
    };
    GREEN_REQUIRED: PerDirection<Spec<Number<u8>>> = both(
        "green_required",
        Number::new(Limits { unit: Unit::Count, min: 1, max: 10 }, |count| {
            u8::try_from(count).ok()
        }),
        Value("5"),
        "Green cycles in a row before the rate rises.",
    );
    ON_EXIT: PerDirection<Spec<AtExit>> = both(
        "on_exit", AtExit, Value("keep"),
        "What the limit becomes when the daemon ends.",
    );
}
