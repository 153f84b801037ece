//! `allod reach A B`: whether packets get from A to B, and which rule decides.
//!
//! It asks the cloud as any client would: a path of Network Insights and its analysis, which are taken away again.

mod ask;
mod ends;
mod picture;
mod sentence;

use crate::arguments::Reach;
use crate::{client, output};
use anyhow::Context as _;
use api_ec2::NetworkInsightsAnalysis;
use ends::{Found, Unreachable};
use reachability::{Judgement, render_svg, render_text};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The exit status when packets do not get through …
const UNREACHABLE: u8 = 1;
/// … and when that could not be found out.
const FAILED: u8 = 2;

/// Runs the command.
pub(crate) fn run(options: &Reach) -> ExitCode {
    match answer(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(UNREACHABLE),
        Err(error) => {
            output::complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn answer(options: &Reach) -> anyhow::Result<bool> {
    anyhow::ensure!(
        options.protocol != "icmp" || (options.port.is_none() && options.source_port.is_none()),
        "ICMP has no ports; leave out --port and --source-port"
    );
    let mut client = client::connect(&options.endpoint, &options.region)?;
    let found = ends::find(&mut client, &options.from, &options.to)?;
    let told = match &found {
        Found::Ends(ends) => {
            let analysis = ask::ask(&mut client, options, ends)?;
            Told::of(options, &analysis)
        }
        Found::Unreachable(Unreachable { sentence, code }) => Told {
            reachable: false,
            sentence: sentence.clone(),
            codes: vec![(*code).to_owned()],
            forward: None,
            back: None,
            warning: None,
        },
    };
    if let Some(file) = &options.svg {
        told.draw(file)?;
    }
    if options.json {
        output::say(&told.json()?);
    } else {
        told.say();
    }
    Ok(told.reachable)
}

/// What is told.
struct Told {
    reachable: bool,
    sentence: String,
    /// Explanation codes, the deciding one first.
    codes: Vec<String>,
    forward: Option<Judgement>,
    back: Option<Judgement>,
    warning: Option<String>,
}

impl Told {
    fn of(options: &Reach, analysis: &NetworkInsightsAnalysis) -> Told {
        let explanations = analysis.explanations.iter().flatten();
        let reachable = analysis.network_path_found == Some(true);
        let forward = picture::judgement(analysis.forward_path_components.as_deref(), analysis, reachable);
        let back = picture::judgement(analysis.return_path_components.as_deref(), analysis, reachable);
        Told {
            reachable,
            sentence: sentence::of(options, analysis, forward.as_ref(), back.as_ref()),
            codes: explanations.filter_map(|e| e.explanation_code.clone()).collect(),
            forward,
            back,
            warning: analysis.warning_message.clone(),
        }
    }

    fn say(&self) {
        output::say(&self.sentence);
        if let Some(warning) = &self.warning {
            output::say(warning);
        }
        for (title, way) in [("There:", &self.forward), ("Back:", &self.back)] {
            if let Some(judgement) = way {
                output::say(&format!("\n{title}\n{}", render_text(judgement).trim_end()));
            }
        }
    }

    fn json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(&serde_json::json!({
            "reachable": self.reachable,
            "sentence": self.sentence,
            "codes": self.codes,
            "warning": self.warning,
            "forward": self.forward,
            "return": self.back,
        }))?)
    }

    fn draw(&self, file: &Path) -> anyhow::Result<()> {
        for (way, file) in [(&self.forward, file.to_owned()), (&self.back, second(file))] {
            if let Some(judgement) = way {
                std::fs::write(&file, render_svg(judgement))
                    .with_context(|| format!("{} cannot be written", file.display()))?;
            }
        }
        Ok(())
    }
}

/// `path.svg` → `path-return.svg`.
fn second(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push("-return");
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_file_stands_beside_the_first() {
        assert_eq!(second(Path::new("/tmp/a.svg")), Path::new("/tmp/a-return.svg"));
        assert_eq!(second(Path::new("picture")), Path::new("picture-return"));
    }
}
