//! The growing edge, and the names of tiles.

use super::super::Edge;
use super::super::merkle::{Node, Span, combine};
use super::super::tile::{Named, Tile, entries_in, entries_path, hashes_in, parse};
use super::{Kept, leaves, root_by_definition};

#[test]
fn an_edge_read_back_from_its_tiles_goes_on_as_if_it_had_never_stopped() {
    let all = leaves(1_100);
    for stop in [1, 255, 256, 257, 512, 700, 1_024] {
        let edge = Kept::of(&all[..stop]).edge;
        let levels = (0..8).map(|level| edge.hashes(level).to_vec()).collect();
        let mut again = Edge::from_tiles(stop as u64, levels).unwrap();
        assert_eq!(again.root(), root_by_definition(&all[..stop]));
        all[stop..].iter().for_each(|leaf| drop(again.push(*leaf)));
        assert_eq!(again.root(), root_by_definition(&all), "after a stop at {stop}");
    }
}

#[test]
fn an_edge_of_too_few_or_too_many_hashes_is_none() {
    let hash = leaves(1)[0];
    assert!(Edge::from_tiles(2, vec![vec![hash; 2]]).is_some());
    assert!(Edge::from_tiles(256, vec![vec![], vec![hash]]).is_some());
    for (size, levels) in [
        (2, vec![vec![hash]]),
        (2, vec![vec![hash; 3]]),
        (2, vec![]),
        (256, vec![vec![hash; 256]]),
        (256, vec![vec![], vec![]]),
        (0, vec![vec![hash]]),
    ] {
        assert_eq!(Edge::from_tiles(size, levels.clone()), None, "{size}: {levels:?}");
    }
}

#[test]
fn only_tiles_that_changed_are_written_again() {
    let names = |edge: &Edge, since| -> Vec<String> {
        edge.partial_tiles(since).map(|(tile, _)| tile.path()).collect()
    };
    let all = leaves(66_000);
    let mut kept = Kept::default();
    all[..256].iter().for_each(|leaf| kept.push(*leaf));
    assert_eq!(names(&kept.edge, 0), ["1/000.p/1"]);
    all[256..300].iter().for_each(|leaf| kept.push(*leaf));
    assert_eq!(names(&kept.edge, 256), ["0/001.p/44"]);
    assert_eq!(names(&kept.edge, 0), ["0/001.p/44", "1/000.p/1"]);
    all[300..].iter().for_each(|leaf| kept.push(*leaf));
    assert_eq!(names(&kept.edge, 300), ["0/257.p/208", "1/001.p/1", "2/000.p/1"]);
    assert_eq!(kept.full.len(), 257 + 1);
}

#[test]
fn a_tiles_path_is_spelled_as_the_standard_spells_it() {
    let table = [
        (0, 0, 256, "0/000"),
        (1, 5, 256, "1/005"),
        (0, 999, 1, "0/999.p/1"),
        (2, 1_000, 255, "2/x001/000.p/255"),
        (0, 1_234_067, 256, "0/x001/x234/067"),
        (7, 1_234_067, 8, "7/x001/x234/067.p/8"),
    ];
    for (level, index, width, path) in table {
        let tile = Tile { level, index, width };
        assert_eq!(tile.path(), path);
        assert_eq!(parse(path), Some(Named::Hashes(tile)));
    }
    assert_eq!(entries_path(1_234_067, 8), "entries/x001/x234/067.p/8");
    assert_eq!(
        parse("entries/x001/x234/067.p/8"),
        Some(Named::Entries { index: 1_234_067, width: 8 })
    );
}

#[test]
fn another_spelling_names_no_tile() {
    for path in [
        "",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/001",
        "0/001/234",
        "0/x001/x234",
        "00/001",
        "+0/001",
        "0/+01",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p/01",
        "0/000.p/",
        "0/000.p",
        "0/000/",
        "entries/1",
        "entry/001",
        "0/x018/x446/x744/x073/x709/x551/616",
    ] {
        assert_eq!(parse(path), None, "{path}");
    }
}

#[test]
fn a_span_is_cut_into_the_fewest_nodes() {
    let nodes = |start, end| {
        let nodes = Span { start, end }.nodes();
        nodes.into_iter().map(|node| (node.level, node.index)).collect::<Vec<_>>()
    };
    assert_eq!(nodes(0, 1), [(0, 0)]);
    assert_eq!(nodes(0, 7), [(2, 0), (1, 2), (0, 6)]);
    assert_eq!(nodes(4, 7), [(1, 2), (0, 6)]);
    assert_eq!(nodes(256, 512), [(8, 1)]);
    assert_eq!(nodes(0, u64::MAX).len(), 64);
    assert_eq!(combine(&[]), None);
}

#[test]
fn a_node_is_in_the_tile_that_has_its_row() {
    let of = |level, index, size| Tile::of(Node { level, index }, size).map(Tile::path);
    assert_eq!(of(0, 300, 600).as_deref(), Some("0/001"));
    assert_eq!(of(0, 599, 600).as_deref(), Some("0/002.p/88"));
    assert_eq!(of(7, 1, 600).as_deref(), Some("0/000"));
    assert_eq!(of(8, 1, 600).as_deref(), Some("1/000.p/2"));
    assert_eq!(of(9, 0, 600).as_deref(), Some("1/000.p/2"));
    assert_eq!(of(8, 2, 600), None, "not complete yet");
    assert_eq!(of(9, u64::MAX, u64::MAX), None);
    assert_eq!(of(64, 0, u64::MAX), None);
}

#[test]
fn bytes_of_another_length_are_no_tile_and_no_bundle() {
    assert_eq!(hashes_in(&[0; 64], 2).map(|hashes| hashes.len()), Some(2));
    for (length, width) in [(63, 2), (64, 1), (96, 2), (0, 1)] {
        assert_eq!(hashes_in(&vec![0; length], width), None, "{length} bytes for {width}");
    }
    assert_eq!(entries_in(b"\0\x02ab\0\x00\0\x01c", 3), Some(vec![&b"ab"[..], b"", b"c"]));
    for (bytes, width) in [
        (&b"\0\x02ab"[..], 2),
        (b"\0\x02ab\0\x01c", 1),
        (b"\0\x02a", 1),
        (b"\0\x02ab\0", 1),
        (b"", 1),
    ] {
        assert_eq!(entries_in(bytes, width), None, "{bytes:?} for {width}");
    }
}
