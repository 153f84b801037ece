//! The network as a small picture.

/// A machine in the picture.
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) private: String,
    pub(super) public: Option<String>,
    pub(super) groups: String,
}

/// The public and the private subnet side by side, the gateway above.
pub(super) fn topology(vpc: &str, public: (&str, &[Shown]), private: (&str, &[Shown])) -> String {
    let left = column("public subnet", public.0, public.1);
    let right = column("private subnet", private.0, private.1);
    let height = left.len().max(right.len());
    let width = left.iter().chain(&right).map(|line| line.chars().count()).max().unwrap_or(0);
    let total = width * 2 + 9;
    let middle = |text: &str| format!("{text:^total$}");
    let bar = "─".repeat(width);
    let mut lines = vec![
        middle("the host and the world"),
        middle("│"),
        middle("internet gateway"),
        middle("│"),
        format!("┌─ {vpc} {}┐", "─".repeat(total.saturating_sub(vpc.chars().count() + 5))),
        format!("│ ┌{bar}┐ ┌{bar}┐ │"),
    ];
    for at in 0..height {
        let cell = |lines: &[String]| format!("{:width$}", lines.get(at).map_or("", String::as_str));
        lines.push(format!("│ │{}│ │{}│ │", cell(&left), cell(&right)));
    }
    lines.push(format!("│ └{bar}┘ └{bar}┘ │"));
    lines.push(format!("└{}┘", "─".repeat(total.saturating_sub(2))));
    lines.join("\n")
}

fn column(title: &str, cidr: &str, machines: &[Shown]) -> Vec<String> {
    let mut lines = vec![format!(" {title} {cidr} "), String::new()];
    for machine in machines {
        lines.push(format!(" ● {} {} ", machine.name, machine.private));
        if let Some(public) = &machine.public {
            lines.push(format!("   ⇅ {public} "));
        }
        lines.push(format!("   ⛨ {} ", machine.groups));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_is_straight() {
        let one = |name: &str, public: Option<&str>| Shown {
            name: name.into(),
            private: "10.42.1.4".into(),
            public: public.map(str::to_owned),
            groups: "web: 80 from all".into(),
        };
        let text = topology(
            "vpc 10.42.0.0/16",
            ("10.42.1.0/24", &[one("web-1", Some("198.19.0.4")), one("web-2", None)]),
            ("10.42.2.0/24", &[one("db", None)]),
        );
        let widths: Vec<usize> =
            text.lines().filter(|l| l.starts_with(['│', '┌', '└'])).map(|l| l.chars().count()).collect();
        assert!(widths.windows(2).all(|w| w[0] == w[1]), "{text}\n{widths:?}");
        assert!(text.contains("web-2") && text.contains("db"));
    }
}
