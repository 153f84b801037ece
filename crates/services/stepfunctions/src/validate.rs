//! ValidateStateMachineDefinition.

use crate::service::StatesCall;
use api_stepfunctions::{
    StateMachineType, ValidateStateMachineDefinitionDiagnostic, ValidateStateMachineDefinitionInput,
    ValidateStateMachineDefinitionOutput, ValidateStateMachineDefinitionResultCode,
    ValidateStateMachineDefinitionSeverity,
};
use contracts::Reply;
use state_machine::lint::{self, Diagnostic, MachineKind, Severity};

/// ValidateStateMachineDefinition: says what CreateStateMachine would refuse, and warns. A definition with faults is no
/// error of the call.
pub(crate) async fn validate(
    _call: StatesCall,
    input: ValidateStateMachineDefinitionInput,
) -> Reply<ValidateStateMachineDefinitionOutput> {
    let express = input.type_.as_ref() == Some(&StateMachineType::EXPRESS);
    let kind = if express { MachineKind::Express } else { MachineKind::Standard };
    let warnings = input.severity.as_ref() == Some(&ValidateStateMachineDefinitionSeverity::WARNING);
    let severity = if warnings { Severity::Warning } else { Severity::Error };
    let most = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let report = lint::report(input.definition(), kind, severity, most);
    let result = if report.ok {
        ValidateStateMachineDefinitionResultCode::OK
    } else {
        ValidateStateMachineDefinitionResultCode::FAIL
    };
    Ok(ValidateStateMachineDefinitionOutput {
        result: Some(result),
        diagnostics: Some(report.diagnostics.into_iter().map(show).collect()),
        truncated: Some(report.truncated),
    })
}

fn show(diagnostic: Diagnostic) -> ValidateStateMachineDefinitionDiagnostic {
    ValidateStateMachineDefinitionDiagnostic {
        severity: Some(ValidateStateMachineDefinitionSeverity::from(diagnostic.severity.name())),
        code: Some(diagnostic.code.name().to_owned()),
        message: Some(diagnostic.message),
        location: diagnostic.location,
    }
}
