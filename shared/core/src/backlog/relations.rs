//! What only all tasks together show: ids that stand twice, and tasks that wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::BacklogTask;
use crate::fact::{FileProblem, TaskStatus};
use crate::ids::TaskId;

/// Takes out every task whose id another one has too: which of them is meant, nobody knows.
pub(super) fn refuse_repeated_ids(
    file: &str,
    tasks: &mut Vec<BacklogTask>,
    refused: &mut Vec<FileProblem>,
) {
    let mut lines: BTreeMap<TaskId, Vec<u32>> = BTreeMap::new();
    for task in tasks.iter() {
        lines.entry(task.definition.id.clone()).or_default().push(task.line);
    }
    tasks.retain(|task| {
        let lines = lines.get(&task.definition.id).map(Vec::as_slice).unwrap_or_default();
        if lines.len() < 2 {
            return true;
        }
        let all: Vec<String> = lines.iter().take(10).map(u32::to_string).collect();
        let problem = format!("{} tasks have this id: lines {}", lines.len(), all.join(", "));
        refused.push(about(file, task, problem, "each id once"));
        false
    });
}

/// Takes out tasks that wait for each other in a circle. One that is completed holds up nobody.
pub(super) fn refuse_cycles(
    file: &str,
    tasks: &mut Vec<BacklogTask>,
    refused: &mut Vec<FileProblem>,
) {
    let numbers: BTreeMap<&TaskId, usize> = tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| task.status != TaskStatus::Completed)
        .map(|(number, task)| (&task.definition.id, number))
        .collect();
    let waits_for: Vec<Vec<usize>> = tasks
        .iter()
        .map(|task| {
            let open = task.status != TaskStatus::Completed;
            let dependencies = task.definition.dependencies.iter().filter(|_| open);
            dependencies.filter_map(|id| numbers.get(id).copied()).collect()
        })
        .collect();
    let mut cyclic: BTreeMap<usize, String> = BTreeMap::new();
    for circle in circles(&waits_for) {
        let name = |number: &usize| tasks.get(*number).map(|task| task.definition.id.as_str());
        let around = circle.iter().chain(circle.first()).filter_map(name);
        let mut around: Vec<&str> = around.collect();
        if around.len() > 12 {
            around.splice(6..around.len().saturating_sub(5), ["…"]);
        }
        let around = around.join(" → ");
        for number in circle {
            cyclic.entry(number).or_insert_with(|| around.clone());
        }
    }
    let mut number = 0;
    tasks.retain(|task| {
        let around = cyclic.get(&number);
        number += 1;
        let Some(around) = around else { return true };
        let problem = format!("its dependencies lead back to it: {around}");
        refused.push(about(file, task, problem, "dependencies without a circle"));
        false
    });
}

/// Circles in a graph, so that without their members no circle is left. One walk in depth: each
/// edge back to a node that is still being walked closes one. A circle is named only while one of
/// that edge's ends is in none yet, so there are never more circles than nodes.
fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut circles = Vec::new();
    let mut in_circle: BTreeSet<usize> = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for start in 0..edges.len() {
        if !seen.insert(start) {
            continue;
        }
        // Nodes from the start to where the walk stands, each with its edges still to go.
        let mut way = vec![(start, edges_of(edges, start))];
        let mut places = BTreeMap::from([(start, 0)]);
        while let Some((node, rest)) = way.last_mut() {
            let node = *node;
            let Some(next) = rest.next().copied() else {
                places.remove(&node);
                way.pop();
                continue;
            };
            if seen.insert(next) {
                places.insert(next, way.len());
                way.push((next, edges_of(edges, next)));
            } else if let Some(place) = places.get(&next)
                && !(in_circle.contains(&node) && in_circle.contains(&next))
            {
                let circle: Vec<usize> = way.iter().skip(*place).map(|(node, _)| *node).collect();
                in_circle.extend(&circle);
                circles.push(circle);
            }
        }
    }
    circles
}

fn edges_of(edges: &[Vec<usize>], node: usize) -> std::slice::Iter<'_, usize> {
    edges.get(node).map(Vec::as_slice).unwrap_or_default().iter()
}

fn about(file: &str, task: &BacklogTask, problem: String, expected: &str) -> FileProblem {
    FileProblem {
        file: file.to_owned(),
        line: task.line,
        task_id: Some(task.definition.id.to_string()),
        problem,
        expected: expected.to_owned(),
    }
}
