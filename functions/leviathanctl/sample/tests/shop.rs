//! What the shop promises.

#[test]
fn every_article_of_the_list_has_its_price() {
    for line in include_str!("../data/prices.csv").lines().skip(1) {
        let (article, cents) = line.split_once(',').expect("article,cents");
        assert_eq!(shop::total(&[article]), cents.parse().ok(), "{article}");
    }
}

#[test]
fn two_apples_cost_twice_as_much_as_one() {
    assert_eq!(shop::total(&["apple", "apple"]), shop::total(&["apple"]).map(|one| 2 * one));
}
