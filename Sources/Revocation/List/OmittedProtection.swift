/// A protection that a list can do without. Only the laboratory makes such lists, to show what the protection is for.
package enum OmittedProtection: Sendable {
    /// The terms of the denylist count for more than the settings of the process.
    case terms
    /// A write counts only under the terms from which its lifetime was reckoned.
    case termsOfWrites
    /// Another epoch is believed only when an operator has accepted it.
    case acceptance
    /// An acceptance moves only those who had pinned the epoch that it names.
    case replacedEpoch
    /// Nobody pins an epoch that waits to be accepted.
    case bareEpoch
}
