//! Writes the types of `ec2` from the facts in `models/ec2.json`.
fn main() -> Result<(), aws_model_codegen::FactsError> {
    aws_model_codegen::generate_from_build_script("ec2")
}
