// Who uses this library imports it alone: tokens, scopes, reasons and verdicts are the contract's.
@_exported public import Contract
