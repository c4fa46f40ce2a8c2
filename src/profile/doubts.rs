//! The doubts about a profile that is without faults: what nobody will ever see in a table.

use std::collections::BTreeSet;

use super::files::{ProfileFile, ProfileFiles};
use crate::registers::vocabulary::Code;
use crate::registers::{Criterion, Dimension, ValueSet, Vocabulary, counted};
use crate::source::{SourceFault, did_you_mean};
use crate::statistics::layout::{Layout, Layouts};

/// The doubts of the layouts themselves, the values and numbers that no line uses, and the files that nobody reads.
pub(super) fn of(vocabulary: &Vocabulary, layouts: &Layouts, files: &ProfileFiles) -> Vec<SourceFault> {
    let mut doubts = files.strangers.clone();
    doubts.extend(layouts.iter().flat_map(|layout| layout.doubts.clone()));
    let Some(file) = &files.vocabulary else { return doubts };
    doubts.extend(vocabulary.unmet_defaults().into_iter().map(|(place, reason)| file.fault(place, reason)));
    for list in vocabulary.lists() {
        if list.register.counted && !list.property.in_list {
            let name = format!("{}.{}", list.register.name, list.property.name);
            doubts.extend(unused(layouts, file, &name, (&[list.register.name], list.property.dimension), &list.codes));
        }
    }
    let of_property = vocabulary.lists().iter().map(|list| {
        let name = format!("{}.{}", list.register.name, list.property.name);
        (name, list.property.dimension, list.codes.as_slice())
    });
    let of_own = vocabulary.dimensions.iter().map(|own| (own.path.to_owned(), Dimension::Own(own.path), &*own.codes));
    for (name, dimension, codes) in of_property.chain(of_own) {
        doubts.extend(unnamed_groups(layouts, file, &name, dimension, codes));
    }
    for own in &vocabulary.dimensions {
        if counted().any(|register| own.registers.contains(&register.name)) {
            doubts.extend(unused(layouts, file, own.path, (&own.registers, Dimension::Own(own.path)), &own.codes));
        }
    }
    let numbers = layouts.unused_numbers(vocabulary).into_iter();
    doubts
        .extend(numbers.map(|own| file.fault(own.place, format!("{}: no line of a table adds this number", own.path))));
    doubts
}

/// The doubt about the values in a dimension that records of these registers have and that no line of a layout is about: none names
/// them, be it by their group, or takes all but others. A property that no line is broken down by may have values for the sake of the
/// rules that go by them.
fn unused(
    layouts: &Layouts,
    file: &ProfileFile,
    name: &str,
    (registers, dimension): (&[&str], Dimension),
    codes: &[Code],
) -> Option<SourceFault> {
    let selections = layouts.iter().flat_map(Layout::lines).flat_map(|line| line.source.selections());
    let of_registers = selections.filter(|one| registers.iter().any(|register| one.names_register(register)));
    let chosen: Vec<&ValueSet> = of_registers.filter_map(|one| one.0.get(&Criterion::Of(dimension))).collect();
    let is_used = |code: &Code| {
        chosen.iter().any(|values| matches!(values, ValueSet::NotIn(_)) || values.named().contains(&code.code))
    };
    let is_broken_down = codes.iter().any(is_used);
    let is_unused = |code: &&Code| !is_used(code) && (is_broken_down || code.is.is_none());
    let unused: Vec<&Code> = codes.iter().filter(is_unused).collect();
    let place = unused.first()?.place;
    let codes: Vec<&str> = unused.iter().map(|code| code.code.as_str()).collect();
    Some(file.fault(place, format!("{name}: no line of a table uses {}", codes.join(", "))))
}

/// The doubts about groups that are no value themselves, have one member only and are named in no line: the name may be mistyped.
fn unnamed_groups(
    layouts: &Layouts,
    file: &ProfileFile,
    name: &str,
    dimension: Dimension,
    codes: &[Code],
) -> Vec<SourceFault> {
    let named: BTreeSet<&str> =
        layouts.iter().flat_map(|layout| layout.values(dimension)).map(|(_, value)| value).collect();
    let doubt = |code: &Code| {
        let parent = code.parent.as_deref()?;
        let is_value = codes.iter().any(|other| other.code == parent);
        let has_more = codes.iter().filter(|other| other.parent.as_deref() == Some(parent)).count() > 1;
        let meant = did_you_mean(parent, codes.iter().map(|other| other.code.as_str()));
        (!is_value && !has_more && !named.contains(parent)).then(|| {
            let reason =
                format!("{name}: {} has the parent {parent}, which is no value and in no line{meant}", code.code);
            file.fault(code.place, reason)
        })
    };
    codes.iter().filter_map(doubt).collect()
}
