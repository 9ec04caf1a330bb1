@testable import Persistence

extension EpochRecord {
    /// The same, once an operator has accepted what it replaces.
    func accepted() -> EpochRecord {
        guard let demand, let accepted = accepted(demand) else { preconditionFailure("it replaces nothing") }
        return accepted
    }
}
