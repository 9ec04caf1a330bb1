/// A protection that a list can omit. Only the laboratory makes such lists, to show what the protection prevents.
package enum OmittedProtection: Sendable {
    /// The denylist's terms outrank the configuration of the process.
    case terms
    /// A write is acknowledged only under the terms that its lifetime was calculated from.
    case termsOfWrites
    /// A new epoch is pinned only when an operator has accepted it.
    case acceptance
    /// An acceptance moves only processes that had pinned the epoch that it names.
    case replacedEpoch
    /// A process never pins an epoch that waits to be accepted.
    case bareEpoch
}
