import Contract
import Denylist
import RESP

/// What a guarded key may hold (Guarantees.md), and what two writes of it make together. Who may undo, `EXPIRE`,
/// `PERSIST`, `MSET` and `RENAME`: `ServingContext.write` and the functions beside it.
enum GuardedRules {
    static let noExpiry = "ERR guarded key: a revocation needs an expiry (SETEX, or SET with EX, PX, EXAT or PXAT)"
    static let plainOnly =
        "ERR guarded key: a revocation is never counted, appended to, changed in part or renamed; SETEX writes one"
    static let earlier = "ERR guarded key: a revocation cannot be made to end earlier"

    /// Why a value may not be written under a guarded key; nil if it may.
    static func refusal(key: RawSpan, value: RawSpan, kind: Scope.Kind, clock: ServerClock) -> String? {
        if let excess = excess(of: key, value) { return "ERR guarded key: \(excess)" }
        guard kind.isCutOff else { return nil }
        return switch CutOff.implausibility(of: value, now: clock.time()) {
        case nil: nil
        case .notANumber: "ERR guarded key: a cut-off is a decimal number, Unix milliseconds expected"
        case .notMilliseconds: "ERR guarded key: the cut-off is too small, milliseconds expected"
        case .inTheFuture: "ERR guarded key: the cut-off is more than 60 seconds ahead of the daemon's clock"
        }
    }

    /// What is too long of a revocation, whoever writes it; nil if nothing is.
    static func excess(of key: RawSpan, _ value: RawSpan) -> String? {
        if key.byteCount > Contract.Limits.maximumGuardedKeyBytes {
            return "longer than \(Contract.Limits.maximumGuardedKeyBytes) bytes"
        }
        if value.byteCount > Contract.Limits.maximumGuardedValueBytes {
            return "the value is longer than \(Contract.Limits.maximumGuardedValueBytes) bytes"
        }
        return nil
    }

    /// Why a revocation may not be asked to last so many milliseconds; nil if it may.
    static func refusal(lifetime: Int64, longestSeconds: Int64) -> String? {
        guard lifetime > longestSeconds * 1000 else { return nil }
        return "ERR guarded key: a revocation lasts at most \(longestSeconds) seconds (max-revocation)"
    }

    /// Writes what the old and the new entry make together.
    /// - Returns: whether the entry has the value that was given.
    @discardableResult
    static func merge(_ value: RawSpan, expiry: Int64, kind: Scope.Kind, into entry: inout Entry) -> Bool {
        guard entry.exists else {
            entry.store(value, expiry: expiry)
            return true
        }
        let later = max(entry.expiry, expiry)
        switch entry.withValue({ Merge.winner(kind: kind, existing: $0, incoming: value) }) {
        case .incoming:
            entry.store(value, expiry: later)
            return true
        case .existing:
            if later > entry.expiry { entry.setExpiry(later) }
            return entry.withValue { $0.equals(value) }
        }
    }
}

extension RawSpan {
    func starts(with prefix: [UInt8]) -> Bool {
        guard byteCount >= prefix.count else { return false }
        for index in prefix.indices where self[byte: index] != prefix[index] { return false }
        return true
    }

    func equals(_ other: RawSpan) -> Bool {
        withUnsafeBytes { one in other.withUnsafeBytes { one.elementsEqual($0) } }
    }

    func equals(_ text: StaticString) -> Bool {
        byteCount == text.utf8CodeUnitCount
            && text.withUTF8Buffer { expected in
                for index in 0..<expected.count where self[byte: index] != expected[index] { return false }
                return true
            }
    }
}
