//! Expressions that do not come to their end: others do not notice, and a restart does not run them again.

use crate::basics::TWO;
use crate::world::{World, arn, end, eventually, names, new, open};
use execution_engine::{Engine, Kind, Status};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

/// Recursion without an end; as a tail call it takes no memory.
const ENDLESS: &str = "($f := function($x) { $f($x + 1) }; $f(1))";

fn pass(expression: &str) -> String {
    format!(
        r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{"A":{{"Type":"Pass","Output":"{{% {expression} %}}","End":true}}}}}}"#
    )
}

async fn is_running(engine: &Engine, name: &str) -> bool {
    engine.describe(&arn(name)).await.unwrap().is_some_and(|found| found.status == Status::Running)
}

#[tokio::test]
async fn others_end_while_bombs_run() {
    let engine = open(None, &Arc::new(World::default()));
    let bombs: Vec<String> = (0..16).map(|number| format!("bomb-{number}")).collect();
    for name in &bombs {
        engine.start(new(&pass(ENDLESS), Kind::Standard, name, "{}")).await.unwrap();
    }
    // On both shards, in both languages, of both kinds.
    let quick = pass("$states.input.a + 1");
    for number in 0..40 {
        let name = format!("quick-{number}");
        let definition = if number % 2 == 0 { TWO } else { &quick };
        engine.start(new(definition, Kind::Standard, &name, "{\"a\":1}")).await.unwrap();
        assert_eq!(end(&engine, &arn(&name)).await.status, Status::Succeeded);
        let express = engine.start_sync(new(definition, Kind::Express, &name, "{\"a\":1}")).await.unwrap();
        assert_eq!(express.status, Status::Succeeded);
    }
    let mut running = Vec::new();
    for name in &bombs {
        if is_running(&engine, name).await {
            running.push(name);
        }
    }
    // The bombs keep two threads busy for twelve seconds at least; the others are a hundredth of that.
    assert!(running.len() > 3, "all the others waited for the bombs: {} are left", running.len());
    for name in running {
        // It may end by itself just then.
        let stopped = engine.stop(&arn(name), Failure::new("Enough", "")).await;
        assert!(stopped.is_ok() || !is_running(&engine, name).await, "{name}: {stopped:?}");
    }
}

#[tokio::test]
async fn what_the_guard_decided_stays_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let definition = format!(
        r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{
            "A":{{"Type":"Pass","Next":"B","Assign":{{"v":"{{% $states.input.a %}}"}}}},
            "B":{{"Type":"Choice","Default":"C","Choices":[{{"Condition":"{{% {ENDLESS} = 1 %}}","Next":"C"}}]}},
            "C":{{"Type":"Pass","End":true}}}}}}"#
    );
    let caught = format!(
        r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{
            "A":{{"Type":"Parallel","Branches":[{{"StartAt":"X","States":{{"X":{{"Type":"Pass","Output":"{{% {ENDLESS} %}}","End":true}}}}}}],
                "Catch":[{{"ErrorEquals":["States.QueryEvaluationError"],"Next":"B"}}],"End":true}},
            "B":{{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work","Output":"{{% {ENDLESS} %}}",
                "Catch":[{{"ErrorEquals":["States.ALL"],"Next":"C"}}],"End":true}},
            "C":{{"Type":"Pass","Output":"{{% $states.input.Error %}}","End":true}}}}}}"#
    );
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(&definition, Kind::Standard, "fails", "{\"a\":1}")).await.unwrap();
    engine.start(new(&caught, Kind::Standard, "caught", "{}")).await.unwrap();
    assert_eq!(
        end(&engine, &arn("fails")).await.failure.error.as_deref(),
        Some("States.QueryEvaluationError")
    );
    drop(world.task(&arn("caught")).await);
    let before = (names(&engine, &arn("fails")).await, names(&engine, &arn("caught")).await);
    engine.close();
    // It is brought back from its log: an expression run again there would never end.
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    let task = world.task(&arn("caught")).await;
    assert_eq!((names(&engine, &arn("fails")).await, names(&engine, &arn("caught")).await), before);
    engine.answer(&task.task.token, TaskAnswer::Succeeded("1".into())).await.unwrap();
    let caught = end(&engine, &arn("caught")).await;
    assert_eq!(
        (caught.status, caught.output.as_deref()),
        (Status::Succeeded, Some("\"States.QueryEvaluationError\""))
    );
    assert!(names(&engine, &arn("caught")).await.contains(&"EvaluationFailed"));
}

#[tokio::test]
async fn slow_is_not_wrong() {
    // Beyond what a shard tries, far below what an expression may take.
    let engine = open(None, &Arc::new(World::default()));
    let definition = pass("$sum($map([1..200000], function($x) { $x }))");
    for (kind, name) in [(Kind::Standard, "standard"), (Kind::Express, "express")] {
        let found = match kind {
            Kind::Standard => {
                engine.start(new(&definition, kind, name, "{}")).await.unwrap();
                end(&engine, &arn(name)).await
            }
            Kind::Express => engine.start_sync(new(&definition, kind, name, "{}")).await.unwrap(),
        };
        assert_eq!(
            (found.status, found.output.as_deref()),
            (Status::Succeeded, Some("20000100000")),
            "{found:?}"
        );
    }
    eventually(|| async { (!is_running(&engine, "standard").await).then_some(()) }).await;
}
