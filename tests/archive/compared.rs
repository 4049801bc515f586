//! `compare` of archives, level by level.

use super::web::serve;
use super::*;
use std::fs;

/// A low level, three that are judged; another seed is another run.
const LEVELS: &str = "--archive 8,64,128,256 --failures 0.05 --noise 0.05 --cache-lines no";

/// Two runs of the same Satellite, and one on which the create takes longer at level 256.
fn runs() -> &'static [Storm; 3] {
    static RUNS: OnceLock<[Storm; 3]> = OnceLock::new();
    RUNS.get_or_init(|| {
        ["--seed 1", "--seed 2", "--seed 3 --scale consumer_create_ms=1.6 --scale-levels 256"]
            .map(|options| Storm::new(&format!("{LEVELS} {options}")))
    })
}

fn compare(words: &str) -> Run {
    Run::new("compare").words(words).arg("-i").arg(runs()[0].inventory())
}

/// The storm's log kept as a run of level 128.
fn kept() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("kept");
    let storm = Storm::new("--archive 128 --failures 0 --noise 0.05 --cache-lines no --seed 4");
    let run = Run::new("metrics --quiet -i").arg(storm.inventory()).arg("--log").arg(storm.log());
    run.words("--label level=128 --save").arg(&dir).go().code(0);
    (folder, dir)
}

fn create(answer: &Value) -> Vec<(u64, &str)> {
    let groups = answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] == "all");
    let of = |group: &'_ Value| group["metrics"][0]["metric"] == "consumer_create_ms";
    let told = groups.filter(|group| of(group));
    told.map(|g| (g["level"].as_u64().unwrap(), g["metrics"][0]["verdict"].as_str().unwrap())).collect()
}

fn regressed(answer: &Value) -> Vec<(u64, &str)> {
    let mut found = Vec::new();
    for group in answer["groups"].as_array().unwrap() {
        let level = group["level"].as_u64().unwrap();
        let rows = group["metrics"].as_array().unwrap().iter();
        found.extend(
            rows.filter(|r| r["verdict"] == "regressed").map(|r| (level, r["metric"].as_str().unwrap())),
        );
    }
    found
}

#[test]
fn a_create_that_got_slower_at_one_level_regresses_there_alone() {
    let [before, _, slower] = runs();
    let done = compare("--format json --fail-on regression").arg(&before.dir).arg(&slower.dir).go().code(1);
    let answer = done.json();
    assert_eq!(
        create(&answer),
        [(8, "not-comparable"), (64, "no-change-seen"), (128, "no-change-seen"), (256, "regressed")]
    );
    assert!(regressed(&answer).iter().all(|(level, _)| *level == 256), "{:?}", regressed(&answer));
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compare.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&answer).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    // what the archive says beside it is the truth's
    let truth: Value = serde_json::from_str(&before.read("truth_archive.json")).unwrap();
    for (level, truth) in answer["levels"].as_array().unwrap().iter().zip(truth["levels"].as_array().unwrap())
    {
        assert_eq!((&level["level"], &level["before"]["passed"]), (&truth["level"], &truth["passed"]));
        assert_eq!((&level["before"]["first_tries"], &level["lacks"]), (&truth["level"], &Value::Null));
    }
    assert!(answer["levels"][0]["reason"].as_str().unwrap().starts_with("8 registrations in a run"));
}

#[test]
fn two_runs_of_the_same_satellite_differ_at_no_level() {
    let [before, after, _] = runs();
    let done = compare("--format json --fail-on regression").arg(&before.dir).arg(&after.dir).go().code(0);
    assert_eq!((regressed(&done.json()), done.json()["groups"].as_array().unwrap().len()), (vec![], 20));
    // level 8 has too few values, and others have enough
    compare("--fail-on timing").arg(&before.dir).arg(&after.dir).go().code(0);
}

#[test]
fn every_format_says_the_level() {
    let [before, _, slower] = runs();
    let told = |format: &str| {
        compare(&format!("--format {format}")).arg(&before.dir).arg(&slower.dir).go().code(0).stdout
    };
    let text = told("text");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for words in
        ["Levels of load", "Level 256, All: 256 attempts before, 256 after", "Level 8: no verdict: 20"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("Level 8, All"), "{text}");
    let markdown = told("markdown");
    assert!(
        markdown.contains("\n### Level 256, All\n") && markdown.contains("| level | first tries |"),
        "{markdown}"
    );
    let annotations = told("github");
    assert!(
        annotations.contains("::error title=reginfra compare::Level 256, All, consumer create: REGRESSED")
    );
    assert_eq!(annotations.matches("Level 8:").count(), 1, "{annotations}");
    assert!(!annotations.contains("::error title=reginfra compare::Level 64"), "{annotations}");
    assert!(text.contains("registrations in a run; 20 are needed"), "{text}");
    assert!(!annotations.contains("registrations in a run; 20 are needed"), "{annotations}");
}

#[test]
fn people_see_levels_of_both_sides_at_80_and_at_200_columns() {
    let folder = tempfile::tempdir().unwrap();
    // under names that stand in the words
    for (name, storm) in [("before", &runs()[0]), ("after", &runs()[2])] {
        copy_below(&storm.dir, &folder.path().join(name));
    }
    for columns in ["80", "200"] {
        let run = compare("before after").current_dir(folder.path()).env("COLUMNS", columns);
        insta::assert_snapshot!(format!("compared_{columns}"), run.go().code(0).stdout);
    }
}

#[test]
fn several_runs_a_side_are_several_runs_of_each_level() {
    let [one, two, slower] = runs();
    let run =
        compare("--format json").arg("--before").arg(&one.dir).arg(&two.dir).arg("--after").arg(&slower.dir);
    let answer = run.go().code(0).json();
    let level = &answer["levels"][3];
    assert_eq!((&level["before"]["runs"], &level["after"]["runs"]), (&2.into(), &1.into()));
    assert_eq!(level["before"]["first_tries"], 512);
    assert_eq!(answer["before"].as_array().unwrap().len(), 8);
    assert_eq!(answer["before"][7]["labels"]["level"], "256");
}

#[test]
fn a_level_of_one_side_alone_is_told() {
    let lower = Storm::new("--archive 64,512 --failures 0 --noise 0.05 --cache-lines no --seed 5");
    let both = |words: &str| compare(words).arg(&runs()[0].dir).arg(&lower.dir);
    let answer = both("--format json").go().code(0).json();
    let lacks: Vec<&Value> = answer["levels"].as_array().unwrap().iter().map(|l| &l["lacks"]).collect();
    assert_eq!(
        lacks,
        ["after", "", "after", "after", "before"]
            .map(|side| if side.is_empty() { Value::Null } else { side.into() })
            .iter()
            .collect::<Vec<_>>()
    );
    let text = both("").go().code(0).stdout.replace("\n    ", " ");
    assert!(text.contains("Levels 8, 128, 256: not compared: the side after has none of it"), "{text}");
    both("--fail-on regression").go().code(3).told("the side after has no level 8, of which --fail-on");
    let other = Storm::new("--archive 32 --failures 0 --noise 0.05 --seed 5");
    let run = compare("").arg(&runs()[0].dir).arg(&other.dir).go().code(3).says_nothing_on_stdout();
    run.told("no level of load is on both sides, which have 8, 64, 128, 256 before and 32 after");
}

#[test]
fn a_kept_run_is_held_against_the_level_that_its_label_names() {
    let (_folder, kept) = kept();
    let run = compare("--format json --fail-on regression").arg(&runs()[0].dir).arg(&kept);
    assert_eq!(create(&run.go().code(0).json()), [(128, "no-change-seen")]);
    let page = Run::new("report --format markdown -o - -i").arg(runs()[0].inventory()).arg(&kept);
    let page = page.arg("--before").arg(&runs()[0].dir).go().code(0).stdout;
    assert!(page.contains("## Before and after") && page.contains("consumer create"), "{page}");
    let labels = kept.join("labels.json");
    let text = fs::read_to_string(&labels).unwrap();
    fs::write(&labels, text.replace("\"128\"", "\"high\"")).unwrap();
    compare("").arg(&runs()[0].dir).arg(&kept).go().code(2).told("label level=high is no number of hosts");
    fs::write(&labels, text.replace("\"128\"", "\"40\"")).unwrap();
    compare("").arg(&kept).arg(&runs()[0].dir).go().code(3).told("40 before and 8, 64, 128, 256 after");
    let log = compare("").arg(&runs()[0].dir).arg(runs()[1].log()).go().code(2).says_nothing_on_stdout();
    log.told("production.log: it has no label level=N")
        .told("levels 8, 64, 128, 256")
        .told("--label level=N");
}

#[test]
fn a_listing_is_an_archive_where_its_folder_is() {
    let server = serve(runs()[0].dir.clone());
    let run = compare("--format json").arg(server.url("/run")).arg(&runs()[0].dir);
    let answer = run.go().code(0).json();
    assert_eq!((regressed(&answer), answer["levels"].as_array().unwrap().len()), (vec![], 4));
}

#[test]
fn an_archive_that_is_not_whole_is_told_with_its_side() {
    let (_folder, dir) = copy();
    fs::remove_dir_all(dir.join("sosreport")).unwrap();
    compare("")
        .arg(&dir)
        .arg(&runs()[0].dir)
        .go()
        .code(2)
        .told("error: before: ")
        .told("no folder sosreport/ in it");
    Run::new("report -o - --format markdown").arg(&archive().dir).go().code(2).told("is a run's archive");
    Run::new("simulate x --archive 8 --scale all=2 --scale-levels 16")
        .go()
        .code(2)
        .told("--archive has no such level");
}
