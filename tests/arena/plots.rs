//! Plots for humans, in `target/arena` or where `WANCTL_PLOTS` says: one for each line and load, one
//! of everything, and a page that shows them all.

mod course;
mod overview;
mod scale;
mod svg;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use self::svg::{Anchor, Svg};
use crate::{grid::Grid, laws::Law};

/// The laws whose course is drawn.
const DRAWN: [Law; 3] = [Law::Adaptive, Law::Classic, Law::Bash];

const fn colour(law: Law) -> &'static str {
    match law {
        Law::Adaptive => "#0a7d5a",
        Law::Classic => "#d0632b",
        Law::Bash => "#4a72c4",
        Law::Fixed70 | Law::Fixed100 | Law::Oracle => "#5f6b78",
        Law::Off => "#b3bcc6",
    }
}

fn legend<const LAWS: usize>(svg: &mut Svg, (mut x, y): (f64, f64), laws: [Law; LAWS]) {
    for law in laws {
        svg.rect((x, y - 6.0), (22.0, 3.0), colour(law));
        svg.text((x + 28.0, y), Anchor::Start, "", law.word());
        x += 96.0;
    }
}

pub fn folder() -> PathBuf {
    let given = std::env::var_os("WANCTL_PLOTS").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("arena"))
}

/// Draws all of them; the text goes beside them.
pub fn draw(grid: &Grid, text: &str) {
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, content: &str| fs::write(folder.join(name), content).unwrap();
    write("overview.svg", &overview::draw(grid));
    write("table.txt", text);
    let mut page = String::from(
        "<!doctype html><meta charset=\"utf-8\"><title>The arena</title><style>body{font:15px \
         system-ui,sans-serif;margin:2em auto;max-width:1060px}img{width:100%}</style>\n<h1>The \
         arena</h1>\n<p><a href=\"table.txt\">The table</a></p>\n<img src=\"overview.svg\" \
         alt=\"overview\">\n",
    );
    for (line, load) in grid.places() {
        let name = format!("{line} {}.svg", load.word()).replace([' ', '/', '+'], "-");
        write(&name, &course::draw(grid, line, load));
        let _ = writeln!(page, "<img src=\"{name}\" loading=\"lazy\" alt=\"{line}\">");
    }
    write("index.html", &page);
}
