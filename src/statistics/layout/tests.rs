//! Layouts that are read, and those that are refused: each with the reason and its place.

use super::*;
use crate::profile::Profile;

const GOOD: &str = r#"name = "test"
title = { de = "a", fr = "b", it = "c", en = "d" }
total = "total"

[footnotes.new]
de = "a"
fr = "b"
it = "c"
en = "d"

[[tables.services.lines]]
code = "a.it"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["IT"] }]
footnotes = ["new"]

[[tables.services.lines]]
code = "a.rest"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 1
any = [{ register = ["cases"], area = ["POLICE", "NONE"] }]

[[tables.services.lines]]
code = "total"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
sum = ["a.it", "a.rest"]

[[tables.services.lines]]
code = "cameras"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
entered = true

[[tables.services.checks]]
whole = "total"
parts = ["a.it", "a.rest"]

[[tables.channels.lines]]
code = "all"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["cases"] }]

[[tables.media-requests.lines]]
code = "media"
label = { de = "a", fr = "b", it = "c", en = "d" }
level = 0
any = [{ register = ["media-requests"] }]
"#;

/// The first of the faults.
fn first(faults: Vec<SourceFault>) -> SourceFault {
    faults.into_iter().next().unwrap()
}

fn parse(text: &str) -> Result<Layout, Vec<SourceFault>> {
    let profile = Profile::embedded().unwrap();
    let context = LayoutContext { vocabulary: &profile.vocabulary, languages: &profile.authority.languages };
    Layout::parse("test.toml", text, context)
}

fn parsed(from: &str, to: &str) -> Result<Layout, Vec<SourceFault>> {
    assert!(GOOD.contains(from), "{from}");
    parse(&GOOD.replacen(from, to, 1))
}

#[test]
fn reads_lines_and_resolves_sums() {
    let layout = parse(GOOD).unwrap();
    let table = layout.table("services").unwrap();
    assert_eq!(table.line("total").unwrap().parts(2017).count(), 2);
    let cameras = table.line("cameras").unwrap();
    assert!(cameras.is_entered() && cameras.is_collected(2017) && cameras.parts(2017).next().is_none());
    assert_eq!(layout.total.as_deref(), Some("total"));
}

#[test]
fn refuses_what_could_give_wrong_figures_and_says_where() {
    let checked = "parts = [\"a.it\", \"a.rest\"]";
    let area = "any = [{ register = [\"cases\"], area = [\"IT\"] }]";
    let cases = [
        ("area = [\"IT\"]", "aera = [\"IT\"]", 15, "the dimension aera is not known"),
        ("area = [\"IT\"]", "area = [\"ITT\"]", 15, "area has no value ITT"),
        ("area = [\"IT\"]", "area = []", 15, "has no values"),
        ("footnotes = [\"new\"]", "footnotes = [\"old\"]", 16, "there is no footnote old"),
        ("footnotes = [\"new\"]", "foot = [\"new\"]", 16, "unknown field"),
        ("code = \"a.rest\"", "code = \"a.it\"", 19, "used twice"),
        ("code = \"a.rest\"", "code = \"A rest\"", 19, "lower-case words"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\",\n\"b\"]", 29, "there is no line b"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"total\"]", 25, "a part of its own sum"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\", \"a.it\"]", 25, "count a record twice"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"cameras\", \"cameras\"]", 25, "count a record twice"),
        ("[\"POLICE\", \"NONE\"]", "[\"POLICE\", \"IT\"]", 25, "count a record twice"),
        ("sum = [\"a.it\", \"a.rest\"]", "level_ = 1", 28, "unknown field"),
        ("level = 0\nsum = [\"a.it\", \"a.rest\"]", "level = 0", 25, "needs exactly one source"),
        ("sum = [\"a.it\", \"a.rest\"]", "sum = [\"a.it\"]\nentered = true", 25, "needs exactly one source"),
        ("level = 1", "level = 9", 14, "from 0 to 3"),
        ("footnotes = [\"new\"]", "collected = { from = 2013, to = 2012 }", 16, "must not be after"),
        ("footnotes = [\"new\"]", "collected = [{ to = 2013 }, { from = 2013 }]", 16, "must not meet"),
        ("footnotes = [\"new\"]", "collected = 2013", 16, "a span of years"),
        ("de = \"a\", fr", "de = \" \", fr", 2, "language de is missing"),
        (
            "[footnotes.new]",
            "[publisher]\nemail = \"x\"\nlicense = \"http\"\nname = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\n[footnotes.new]",
            5,
            "a publisher has",
        ),
        ("name = \"test\"", "name = \"Te st\"", 1, "the name must be"),
        ("total = \"total\"\n", "", 1, "as in total = \"cameras\""),
        ("total = \"total\"", "total = \"nothing\"", 3, "no table has a line nothing"),
        ("entered = true", "entered = false", 34, "entered is true"),
        // No record can be there: in no register, though each value is known.
        (area, "any = [{ register = [\"media-requests\"], area = [\"IT\"] }]", 15, "no record can ever be"),
        (area, "any = [{ role = [\"LEAD\"], area = [\"IT\"] }]", 15, "write entered = true"),
        (area, "any = [{ register = [\"cases\"], kind = [\"TRAINING\"] }]", 15, "no record can ever be"),
        (area, "any = [{ register = [\"cases\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
        (area, "any = [{ register = [\"events\"], kind = [\"NONE\"] }]", 15, "no record can ever be"),
        (area, "any = [\n{ register = [\"cases\"], responsible = [\"RF\",\n\"Recht \"] }]", 17, "blanks around"),
        (area, "any = [{ responsible = [\"A  B\"] }]", 15, "blanks around or within"),
        (area, "any = [{ responsible = [\"\"] }]", 15, "blanks"),
        // Checks that say nothing, or never run.
        (checked, "parts = [\"a.it\", \"a.it\"]", 38, "named twice"),
        (checked, "parts = [\"a.it\", \"total\"]", 38, "a part of itself"),
        (checked, "parts = [\"a.it\", \"nothing\"]", 38, "there is no line nothing"),
        (checked, "parts = []", 38, "can never run"),
        ("whole = \"total\"", "whole = \"a\"", 37, "there is no line a"),
        (
            "footnotes = [\"new\"]",
            "collected = { to = 2012 }\n[[tables.services.checks]]\nwhole = \"later\"\nparts = [\"a.it\"]\n[[tables.services.lines]]\ncode = \"later\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ area = [\"IT\"] }]\ncollected = { from = 2013 }",
            19,
            "can never run",
        ),
        (
            "[[tables.services.checks]]",
            "[[tables.services.checks]]\nwhole = \"total\"\nparts = [\"cameras\", \"total\"]\n[[tables.services.checks]]",
            38,
            "a part of itself",
        ),
    ];
    for (from, to, line, reason) in cases {
        let error = first(parsed(from, to).expect_err(to));
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert_eq!((error.file.as_str(), error.line), ("test.toml", line), "{to}: {error}");
    }
}

#[test]
fn texts_are_lines_in_normal_form() {
    let title = "title = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }";
    let odd = "title = { de = \"  U\u{308}ber\\nsicht \\u00ad\", fr = \"b\", it = \"c\", en = \"d\" }";
    assert_eq!(parsed(title, odd).unwrap().title.get(Lang::De), "Über sicht");
    let label = title.replace("title", "label");
    let layout = parsed(&label, &label.replace("\"b\"", "\" b  b \"")).unwrap();
    assert_eq!(layout.table("services").unwrap().lines[0].label(2017).get(Lang::Fr), "b b");
    let footnote = parsed("it = \"c\"\nen", "it = \"c\\tc\"\nen").unwrap();
    assert_eq!(footnote.footnotes["new"].get(Lang::It), "c c");
    let publisher = |name: &str| {
        let names = title.replace("title", "name").replace("\"a\"", name);
        let text = format!("{title}\n[publisher]\n{names}\nemail = \"a@b.ch\"\nlicense = \"https://b.ch\"");
        parsed(&format!("{title}\ntotal = \"total\"\n"), &format!("total = \"total\"\n{text}\n"))
    };
    assert_eq!(publisher("\" a\"").unwrap().publisher.unwrap().name.get(Lang::De), "a");
    for (from, to, line, reason) in [
        (title, title.replace("\"c\"", "\"c\\u0001\""), 2, "language it must not contain the control character U+0001"),
        (&label, label.replace("\"d\"", "\"\\u200b \""), 13, "the text in the language en is missing"),
        ("\"IT\"", "\"I\\u0007T\"".into(), 15, "it must not contain the control character U+0007"),
        ("area = [\"IT\"]", "responsible = [\"R\\u00adF\"]".into(), 15, "no record has"),
    ] {
        let error = first(parsed(from, &to).expect_err(&to));
        assert!(error.reason.contains(reason), "{to}: {error}");
        assert_eq!(error.line, line, "{to}: {error}");
    }
    assert!(first(publisher("\"\\u0001\"").unwrap_err()).reason.contains("U+0001"));
    assert!(first(publisher("\"\"").unwrap_err()).reason.contains("a publisher has a name in each language"));
}

#[test]
fn parts_that_overlap_are_no_check() {
    let line = "[[tables.services.lines]]\ncode = \"cases\"\nlevel = 1\nlabel = { de = \"a\", fr = \"b\", it = \"c\", en = \"d\" }\nany = [{ register = [\"cases\"] }]\n";
    let check =
        "[[tables.services.checks]]\nwhole = \"cases\"\nparts = [\"a.it\", \"total\"]\n[[tables.services.checks]]";
    let error = parsed("[[tables.services.checks]]", &format!("{line}{check}")).unwrap_err().remove(0);
    assert!(error.reason.contains("the parts a.it and total overlap"), "{error}");
    assert_eq!(error.line, 43);
}

#[test]
fn what_overlaps_in_no_year_is_no_overlap() {
    let renamed = |first: &str, second: &str| {
        let text = GOOD.replacen("footnotes = [\"new\"]", &format!("collected = {first}"), 1).replacen(
            "area = [\"POLICE\", \"NONE\"] }]",
            &format!("area = [\"IT\"] }}]\ncollected = {second}"),
            1,
        );
        parse(&text)
    };
    let layout = renamed("{ to = 2021 }", "[{ from = 2022, to = 2023 }, { from = 2025 }]").unwrap();
    let total = layout.line("total").unwrap();
    let counts = |year: i32| (total.is_collected(year), total.parts(year).count());
    assert_eq!([2021, 2022, 2024, 2025].map(counts), [(true, 1), (true, 1), (false, 0), (true, 1)]);
    assert_eq!(layout.turns().into_iter().filter(|turn| *turn > 0).collect::<Vec<_>>(), [2022, 2024, 2025]);
    assert!(renamed("{ to = 2022 }", "{ from = 2022 }").unwrap_err()[0].reason.contains("twice"));
}

#[test]
fn the_embedded_layouts_are_sound() {
    let layouts = Profile::embedded().unwrap().layouts;
    let services = layouts.get(None).unwrap().table("services").unwrap();
    let codes: Vec<&str> = services.lines.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(codes.first(), Some(&"inquiries.municipality"));
    assert_eq!(codes.last(), Some(&"cases.total"));
    assert_eq!(codes.len(), 18);
}
