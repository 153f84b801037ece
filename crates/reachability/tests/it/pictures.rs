//! Pictures and words.

use crate::world::*;
use reachability::topology::*;
use reachability::{ExplanationCode, Protocol, render_svg, render_text};
use std::collections::BTreeSet;

#[test]
fn the_text_marks_the_component_that_decides() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(80, 80), "10.0.1.0/24"));
    let text = render_text(&w.send("a", "10.0.2.20", Protocol::tcp(443)));
    let lines: Vec<&str> = text.lines().collect();
    let marked: Vec<&&str> = lines.iter().filter(|l| l.starts_with('▸')).collect();
    assert_eq!(marked.len(), 1);
    assert!(marked[0].contains("g-b") && marked[0].contains('✗') && marked[0].contains("ingress"), "{text}");
    assert!(lines[0].contains("✓ interface") && lines[0].contains('a'), "{text}");
    assert!(text.contains("rtb-v") && text.contains("entry 100 allows it"), "{text}");
    assert_eq!(*lines.last().unwrap(), "= dropped by security group g-b: ENI_SG_RULES_MISMATCH");
    let text = render_text(&w.send("a", "10.0.2.20", Protocol::tcp(80)));
    assert!(text.ends_with("= delivered to b as tcp 10.0.1.10:40000 → 10.0.2.20:80\n"), "{text}");
}

#[test]
fn the_text_names_other_filters_in_the_way() {
    let mut w = two_subnets();
    w.acl("acl-1", "s1", vec![]);
    let text = render_text(&w.send("a", "10.0.2.20", Protocol::tcp(443)));
    assert!(text.contains("= dropped by network ACL acl-1"), "{text}");
    assert!(text.contains("  also security group g-b ingress"), "{text}");
    let text = render_text(&w.send("a", "2001:db8:0:101::c", Protocol::tcp(443)));
    assert!(text.contains("= dropped by security group g-c"), "{text}");
    w.add_rule("g-c", from_cidr("sgr-1", Selector::ALL, "::/0"));
    let text = render_text(&w.send("a", "2001:db8:0:101::c", Protocol::tcp(443)));
    assert!(text.contains("tcp [2001:db8:0:101::a]:40000 → [2001:db8:0:101::c]:443"), "{text}");
}

#[test]
fn the_drawing_is_well_formed_with_stable_ids() {
    let w = two_subnets();
    let judgement = w.send("a", "10.0.2.20", Protocol::tcp(443));
    let svg = render_svg(&judgement);
    assert_eq!(svg, render_svg(&judgement));
    for n in 1..=judgement.path.len() {
        assert_eq!(svg.matches(&format!("id=\"step-{n}\"")).count(), 1);
    }
    assert_eq!(svg.matches("id=\"deciding\"").count(), 1);
    assert_eq!(svg.matches("id=\"verdict\"").count(), 1);
    assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    // Nothing is loaded from outside.
    assert!(!svg.contains("href") && !svg.contains("@import") && !svg.contains("url("));
}

#[test]
fn ids_cannot_break_out_of_the_drawing() {
    let mut w = two_subnets();
    let id: Id = "<script>\"&'\u{1}".into();
    w.interface_mut("a").id = id.clone();
    let header = w.packet("c", "10.0.2.20", Protocol::tcp(1)).header;
    let packet = reachability::Packet::new(
        reachability::Place::NetworkInterface(id),
        ip("10.0.1.10"),
        header.destination,
        header.protocol,
    );
    let svg = render_svg(&reachability::judge(&w.0, &packet));
    assert!(!svg.contains("<script>") && !svg.contains('\u{1}'), "{svg}");
    assert!(svg.contains("&lt;script&gt;&quot;&amp;&#39;"), "{svg}");
}

#[test]
fn codes_are_written_as_documented() {
    let all: BTreeSet<&str> = ExplanationCode::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(all.len(), ExplanationCode::ALL.len());
    for code in ExplanationCode::ALL {
        assert!(code.as_str().bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
        assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{code}\""));
    }
}
