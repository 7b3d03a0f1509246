//! How the rate of one direction of a WAN moves, and what it ends as.
//! Promises: the floors rise from red to the ceiling; the base and the rate at the end lie between
//! them.
//! Must not know of delays.
//!
//! `…_floor` stands for every floor of the direction that is not given by itself.

use crate::{
    config::{
        number::Number,
        section::{Given, Order, Reader},
        table::{self, Spec},
    },
    control::{
        applier::OnExit,
        ladder::{Floors, Settings},
        units::{Direction, Rate, Ratio},
    },
};

/// The default of `step_up`, as a part of the ceiling.
const STEP_OF_CEILING: Ratio = Ratio::from_ppm(2_000);

/// The least default of `step_up`, in bit/s.
const LEAST_STEP: u64 = 100_000;

/// The rates that bound a direction, as far as they are known.
struct Bounds {
    ceiling: Option<Given<Rate>>,
    green: Option<Given<Rate>>,
    yellow: Option<Given<Rate>>,
    soft_red: Option<Given<Rate>>,
    red: Option<Given<Rate>>,
}

/// What the options of one direction say.
pub(super) struct Rates {
    pub(super) settings: Settings,
    pub(super) on_exit: OnExit,
    /// Where a burst starts; `None`: the law learns it.
    pub(super) base: Option<Given<Rate>>,
    /// The first that is given of those that the classic rules alone go by.
    pub(super) of_classic: Option<Given<()>>,
}

/// Reads the options of one direction.
pub(super) fn rates(reader: &mut Reader<'_>, direction: Direction) -> Option<Rates> {
    let bounds = bounds(reader, direction);
    let step_up = reader.read(table::STEP_UP.of(direction));
    let factor_red = reader.read(table::FACTOR_DOWN.of(direction));
    let factor_yellow = reader.read(table::FACTOR_DOWN_YELLOW.of(direction));
    let green_required = reader.read(table::GREEN_REQUIRED.of(direction));
    let on_exit = on_exit(reader, direction, &bounds);
    let base = base(reader, direction, &bounds);
    let of_classic = [
        step_up.as_ref().map(|given| given.with(())),
        factor_red.as_ref().map(|given| given.with(())),
        factor_yellow.as_ref().map(|given| given.with(())),
        green_required.as_ref().map(|given| given.with(())),
    ];
    let ceiling = bounds.ceiling.as_ref()?.value;
    let settings = Settings {
        ceiling,
        floors: floors(&bounds)?,
        step_up: step_up.map_or_else(|| default_step(ceiling), |given| given.value),
        factor_red: factor_red?.value,
        factor_yellow: factor_yellow?.value,
        green_required: green_required?.value,
    };
    let of_classic = of_classic.into_iter().flatten().find(|given| given.line.is_some());
    Some(Rates { settings, on_exit: on_exit?, base, of_classic })
}

fn default_step(ceiling: Rate) -> Rate {
    let least = Rate::from_bps(LEAST_STEP).unwrap_or(Rate::MIN);
    ceiling.scaled(STEP_OF_CEILING).max(least)
}

type FloorSpec = Spec<Number<Rate>>;

fn bounds(reader: &mut Reader<'_>, direction: Direction) -> Bounds {
    let all = reader.read(table::FLOOR.of(direction));
    let mut floor =
        |spec: &FloorSpec| if reader.has(spec) { reader.read(spec) } else { all.clone() };
    let green = floor(table::FLOOR_GREEN.of(direction));
    let yellow = floor(table::FLOOR_YELLOW.of(direction));
    let red = floor(table::FLOOR_RED.of(direction));
    let soft_red = soft_red_spec(direction).and_then(floor);
    let ceiling = reader.read(table::CEILING.of(direction));
    missing_floors(reader, direction);
    let chain = [&red, &soft_red, &yellow, &green, &ceiling].map(Option::as_ref);
    reader.rising(Order::OrEqual, &chain);
    Bounds { ceiling, green, yellow, soft_red, red }
}

/// Only the download has a soft red zone.
fn soft_red_spec(direction: Direction) -> Option<&'static FloorSpec> {
    match direction {
        Direction::Download => Some(&table::DOWNLOAD_FLOOR_SOFT_RED),
        Direction::Upload => None,
    }
}

/// Without the shorthand every floor must be there.
fn missing_floors(reader: &mut Reader<'_>, direction: Direction) {
    let all = table::FLOOR.of(direction);
    if reader.has(all) {
        return;
    }
    let of_zones = [&table::FLOOR_GREEN, &table::FLOOR_YELLOW, &table::FLOOR_RED];
    let specs = of_zones.map(|spec| spec.of(direction)).into_iter();
    let specs: Vec<&FloorSpec> = specs.chain(soft_red_spec(direction)).collect();
    if specs.iter().any(|spec| reader.has(spec)) {
        let absent: Vec<_> = specs.into_iter().filter(|spec| !reader.has(spec)).collect();
        for spec in absent {
            reader.missing(spec);
        }
    } else {
        reader.missing(all);
    }
}

/// Upload has no soft red zone; its floor there is that of red, so that the order holds.
fn floors(bounds: &Bounds) -> Option<Floors> {
    let red = bounds.red.as_ref()?.value;
    Some(Floors {
        green: bounds.green.as_ref()?.value,
        yellow: bounds.yellow.as_ref()?.value,
        soft_red: bounds.soft_red.as_ref().map_or(red, |given| given.value),
        red,
    })
}

fn on_exit(reader: &mut Reader<'_>, direction: Direction, bounds: &Bounds) -> Option<OnExit> {
    let given = reader.read(table::ON_EXIT.of(direction))?;
    if let OnExit::Set(rate) = given.value {
        let rate = given.with(rate);
        reader.within(bounds.red.as_ref(), &rate, bounds.ceiling.as_ref());
    }
    Some(given.value)
}

fn base(reader: &mut Reader<'_>, direction: Direction, bounds: &Bounds) -> Option<Given<Rate>> {
    let given = reader.read(table::BASE.of(direction))?;
    reader.within(bounds.red.as_ref(), &given, bounds.ceiling.as_ref());
    Some(given)
}
