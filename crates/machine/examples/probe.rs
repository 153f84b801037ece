//! Prints what this host offers to machines.

fn main() {
    for feature in machine::probe::probe() {
        println!("{} {:<20} {}", if feature.present { "yes" } else { "no " }, feature.name, feature.why);
    }
}
