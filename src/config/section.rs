//! Reading one section against the table.
//! Promises: every option of the section is either read by its row or a finding; what is reported
//! names its line.
//! Must not know what the values are for.

use super::{
    finding::{Finding, Findings, shown},
    kind::{Fault, Kind},
    nearest::nearest,
    table::{Preset, Row, SectionKind, Shape, Spec, TABLE, rows},
    uci::{Entry, Form, Section, Value},
    what::{Conflict, Naming, Relation, What},
};

/// A value and where it comes from.
#[derive(Clone)]
pub(super) struct Given<T> {
    pub(super) value: T,
    /// The name of the option.
    pub(super) option: String,
    /// As it was written; `None`: it may be a secret.
    pub(super) text: Option<String>,
    /// `None`: the default.
    pub(super) line: Option<u32>,
}

impl<T> Given<T> {
    /// Another value from the same place.
    pub(super) fn with<U>(&self, value: U) -> Given<U> {
        let Self { option, text, line, .. } = self;
        Given { value, option: option.clone(), text: text.clone(), line: *line }
    }
}

/// How two values must stand to each other.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// The second is above the first.
    Strict,
    /// The second is above the first or equal.
    OrEqual,
}

/// One section while it is read.
pub(super) struct Reader<'a> {
    section: &'a Section,
    title: String,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    /// Begins with the options that cannot be read at all: unknown, given twice, list or not.
    pub(super) fn new(section: &'a Section, kind: SectionKind, findings: &'a mut Findings) -> Self {
        let mut reader = Self { section, title: section.title(), findings };
        for (place, entry) in section.entries.iter().enumerate() {
            match rows(kind).find(|row| row.is(&entry.name)) {
                Some(row) => reader.check_shape(entry, place, row),
                None => reader.unknown(entry, kind),
            }
        }
        reader
    }

    fn check_shape(&mut self, entry: &Entry, place: usize, row: &dyn Row) {
        let mut before = self.section.entries.iter().take(place);
        let first = before.find(|other| other.name == entry.name);
        let what = match (row.shape(), entry.form, first) {
            (Shape::One, Form::Option, None) | (Shape::List(_), Form::List, _) => return,
            (Shape::One, Form::List, _) => Naming::NotAList,
            (Shape::List(_), Form::Option, _) => Naming::IsAList,
            (Shape::One, Form::Option, Some(first)) => Naming::DuplicateOption(first.line),
        };
        let right = match row.shape() {
            Shape::One => format!("one line 'option {} VALUE'", entry.name),
            Shape::List(_) => format!("a line 'list {} VALUE' for each entry", entry.name),
        };
        self.report(entry.line, &entry.name, what, right);
    }

    /// The name in a broken line may be a value, even a password, whose name was forgotten.
    fn unknown(&mut self, entry: &Entry, kind: SectionKind) {
        if matches!(entry.value, Value::Broken) {
            return;
        }
        let name = entry.name.as_str();
        let place = |finding: Finding| finding.at(entry.line).section(&self.title).option(name);
        // What both directions have, without the direction, is not that of another section.
        let own =
            |row: &dyn Row| row.name().strip_suffix(name).is_some_and(|start| start.ends_with('_'));
        let elsewhere = TABLE.iter().find(|row| row.is(name) && !rows(kind).any(own));
        let elsewhere = elsewhere.map(|row| row.section());
        let finding = if let Some(section) = elsewhere {
            place(Finding::new(Naming::BelongsTo(section.word())))
        } else {
            let names: Vec<String> = rows(kind).map(Row::name).collect();
            let nearest = nearest(name, names.iter().map(String::as_str));
            place(Finding::new(Naming::UnknownOption)).nearest(nearest)
        };
        self.findings.push(finding);
    }

    /// The name of the section; empty if it has none.
    pub(super) fn name(&self) -> String {
        self.section.name.clone().unwrap_or_default()
    }

    /// The line of the option, or of the section without it.
    pub(super) fn line_of(&self, option: &str) -> u32 {
        self.entry(option).map_or(self.section.line, |entry| entry.line)
    }

    fn entry(&self, option: &str) -> Option<&'a Entry> {
        self.section.entries.iter().find(|entry| entry.name == option)
    }

    fn entry_of<K>(&self, spec: &Spec<K>) -> Option<&'a Entry> {
        self.section.entries.iter().find(|entry| spec.is(&entry.name))
    }

    /// Whether the option is there, however wrong.
    pub(super) fn has<K>(&self, spec: &Spec<K>) -> bool {
        self.entry_of(spec).is_some()
    }

    /// The value of an option: what the file says, or else its default. `None`: there is neither,
    /// or there is a finding.
    pub(super) fn read<K: Kind>(&mut self, spec: &Spec<K>) -> Option<Given<K::Value>> {
        match (self.entry_of(spec), spec.preset) {
            (Some(entry), _) => self.value(entry, spec),
            (None, Preset::Value(text)) => match spec.kind.parse(text) {
                Ok(value) => {
                    Some(Given { value, option: spec.name(), text: Some(text.into()), line: None })
                }
                Err(fault) => {
                    self.refuse(self.section.line, spec, Some(text.into()), fault);
                    None
                }
            },
            (None, Preset::Required(_)) => {
                self.missing(spec);
                None
            }
            (None, Preset::Absent(..)) => None,
        }
    }

    /// The values of a list; it is empty without an entry, which is a finding if one is required.
    pub(super) fn list<K: Kind>(&mut self, spec: &Spec<K>) -> Vec<Given<K::Value>> {
        let name = spec.name();
        let entries: Vec<&Entry> =
            self.section.entries.iter().filter(|entry| spec.is(&entry.name)).collect();
        if entries.is_empty() && matches!(spec.preset, Preset::Required(_)) {
            self.missing(spec);
        }
        if let Shape::List(most) = spec.shape
            && let Some(surplus) = entries.get(most)
        {
            self.report(surplus.line, &name, Naming::TooMany(most), String::new());
        }
        entries.into_iter().filter_map(|entry| self.value(entry, spec)).collect()
    }

    fn value<K: Kind>(&mut self, entry: &Entry, spec: &Spec<K>) -> Option<Given<K::Value>> {
        let Value::Text(written) = &entry.value else { return None };
        let text = spec.kind.shown(written);
        match spec.kind.parse(written) {
            Ok(value) => {
                Some(Given { value, option: entry.name.clone(), text, line: Some(entry.line) })
            }
            Err(fault) => {
                self.refuse(entry.line, spec, text, fault);
                None
            }
        }
    }

    fn refuse<K: Kind>(&mut self, line: u32, spec: &Spec<K>, text: Option<String>, fault: Fault) {
        let allowed = spec.allowed();
        let allowed = match fault.advice {
            Some(advice) => format!("{allowed}; {advice}"),
            None => allowed,
        };
        let finding = Finding::new(fault.what).at(line).section(&self.title).option(&spec.name());
        self.findings.push(finding.value(text).allowed(allowed).nearest(fault.nearest));
    }

    /// Says that a required option is not there.
    pub(super) fn missing<K: Kind>(&mut self, spec: &Spec<K>) {
        self.report(self.section.line, &spec.name(), Naming::Missing, spec.allowed());
    }

    /// A finding on an option, without its value.
    pub(super) fn report(
        &mut self,
        line: u32,
        option: &str,
        what: impl Into<What>,
        allowed: impl Into<String>,
    ) {
        let finding = Finding::new(what).at(line).section(&self.title).option(option);
        self.findings.push(finding.allowed(allowed));
    }

    /// A finding on a value.
    pub(super) fn object<T>(
        &mut self,
        given: &Given<T>,
        what: impl Into<What>,
        allowed: impl Into<String>,
    ) {
        let line = given.line.unwrap_or(self.section.line);
        let finding = Finding::new(what).at(line).section(&self.title).option(&given.option);
        self.findings.push(finding.value(given.text.clone()).allowed(allowed));
    }

    /// Holds each value to the one after it, as far as they are known.
    pub(super) fn rising<T: PartialOrd>(&mut self, order: Order, chain: &[Option<&Given<T>>]) {
        let mut known = chain.iter().flatten();
        let Some(mut low) = known.next() else { return };
        for high in known {
            self.pair(order, low, high);
            low = high;
        }
    }

    /// Blames the one that is in the file, the lower one if both are.
    fn pair<T: PartialOrd>(&mut self, order: Order, low: &Given<T>, high: &Given<T>) {
        let (good, above, below) = match order {
            Order::Strict => (low.value < high.value, Relation::NotBelow, Relation::NotAbove),
            Order::OrEqual => (low.value <= high.value, Relation::Above, Relation::Below),
        };
        match (good, low.line) {
            (true, _) => {}
            (false, Some(_)) => self.out_of_order(low, above, high),
            (false, None) => self.out_of_order(high, below, low),
        }
    }

    /// Holds `given` to the bounds, as far as they are known.
    pub(super) fn within<T: PartialOrd>(
        &mut self,
        low: Option<&Given<T>>,
        given: &Given<T>,
        high: Option<&Given<T>>,
    ) {
        if let Some(low) = low.filter(|low| given.value < low.value) {
            self.out_of_order(given, Relation::Below, low);
        }
        if let Some(high) = high.filter(|high| given.value > high.value) {
            self.out_of_order(given, Relation::Above, high);
        }
    }

    fn out_of_order<T>(&mut self, given: &Given<T>, relation: Relation, other: &Given<T>) {
        let text = other.text.clone().unwrap_or_default();
        let allowed = match relation {
            Relation::Above => "at most",
            Relation::Below => "at least",
            Relation::NotBelow => "below",
            Relation::NotAbove => "above",
        };
        let allowed = format!("{allowed} {text}");
        self.object(given, Conflict::Order(relation, other.option.clone(), text), allowed);
    }
}

/// Sections that cannot be read at all, and names that are taken.
pub(super) fn check_names(sections: &[Section], findings: &mut Findings) {
    for (place, section) in sections.iter().enumerate() {
        let finding = |what: Naming| Finding::new(what).at(section.line).section(&section.title());
        let mut before = sections.iter().take(place);
        let same = before.clone().find(|other| other.name.is_some() && other.name == section.name);
        if let Some(first) = same {
            findings.push(finding(Naming::DuplicateSection(first.line)));
        }
        match SectionKind::of(&section.kind) {
            Some(SectionKind::Globals) => {
                if let Some(first) = before.find(|other| other.kind == section.kind) {
                    findings.push(finding(Naming::SecondSection(first.line)));
                }
            }
            Some(SectionKind::Router | SectionKind::Wan | SectionKind::Steering) => {
                if section.name.as_deref().is_none_or(str::is_empty) {
                    let right = format!("config {} 'NAME'", shown(&section.kind));
                    findings.push(finding(Naming::Unnamed).allowed(right));
                }
            }
            None => unknown_type(section, findings),
        }
    }
}

fn unknown_type(section: &Section, findings: &mut Findings) {
    let kind = section.kind.as_str();
    // A broken `config` line, which is a finding already.
    if kind.is_empty() {
        return;
    }
    let words = SectionKind::ALL.map(SectionKind::word);
    let finding = Finding::new(Naming::UnknownSection).nearest(nearest(kind, words));
    let finding = finding.at(section.line).section(&section.title());
    findings.push(finding.allowed(words.join(", ")));
}
