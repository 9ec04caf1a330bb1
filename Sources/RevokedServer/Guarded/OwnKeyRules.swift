import Contract
import RESP

/// What may be written under the daemon's own keys, by whom. Only `SET` without a time to live writes one; `DEL` and
/// `UNLINK` of several keys pass over them; every other write is refused by name.
enum OwnKeyRules {
    /// Why a connection may not write a value; nil if it may.
    enum Refusal {
        /// An error, its code included.
        case error(String)
        /// Only an administrator may.
        case permission
        /// The terms take something back: the user admin may do that while the denylist holds nothing.
        case shrinkage(String)
    }

    /// Whether `value` may take the place of `old`. Called under the lock of the key's shard, so that what it compares
    /// is what gets replaced.
    /// - Parameters:
    ///   - old: the present value; nil if there is none.
    ///   - isAdministrator: whether the connection may undo and administer.
    static func refusal(of value: RawSpan, for own: OwnKey, over old: RawSpan?, isAdministrator: Bool) -> Refusal? {
        switch own {
        // An acceptance goes to the daemon itself, and is no entry like others.
        case .epoch, .acceptance: return .error(refusal(of: own))
        case .terms:
            guard value.byteCount <= Contract.Limits.maximumTermsBytes else {
                return .error("ERR revoked.terms takes at most \(Contract.Limits.maximumTermsBytes) bytes")
            }
            let new: Terms
            do throws(ContractError) { new = try Terms(value.bytes) } catch {
                return .error("ERR revoked.terms: \(error.message)")
            }
            // The first process of a denylist writes them; that takes no privilege.
            guard let old else { return nil }
            guard isAdministrator else { return .permission }
            // What cannot be read is nobody's terms.
            guard let terms = try? Terms(old.bytes), let shrinkage = terms.shrinkage(to: new) else { return nil }
            return .shrinkage(
                "ERR revoked.terms only grow: \(shrinkage). The user admin (--admin-password) can replace them while the denylist "
                    + "holds no key at all: right behind FLUSHALL")
        }
    }

    /// The error that answers a write of any other kind.
    static func refusal(of own: OwnKey) -> String {
        switch own {
        case .epoch: "ERR revoked.epoch is the daemon's own: it tells clients whether the denylist is still the same"
        case .terms: "ERR revoked.terms is what all nodes agreed on: it stays, and only revoked terms extends it"
        case .acceptance:
            "ERR revoked.accepted is the daemon's own: SET revoked.accepted \"<new> replaces <old>\" accepts a new epoch"
        }
    }
}

extension RawSpan {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(Array.init) }
}
