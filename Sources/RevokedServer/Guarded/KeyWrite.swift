import Denylist

/// What a command asks for one key.
struct KeyWrite {
    enum Change {
        /// Creates the entry, or replaces its value by the argument at this place.
        case store(value: Int, NewExpiry, SetOptions.Condition)
        /// Makes another value of the one that is there, which keeps its expiry. Plain keys only.
        case modify(ValueChange)
        case expire(ExpiryArgument, ExpiryConditions)
        case persist
        case remove(SetOptions.Condition)
    }

    enum NewExpiry {
        case none, keep
        case at(ExpiryArgument)
    }

    let change: Change
    /// The command's name, for errors.
    let command: StaticString
    /// Whether the reply begins with the value that was there, or null.
    var returnsOld = false
    /// Only `SET` writes the daemon's own keys, and only without a time to live.
    var mayWriteOwnKeys = false

    init(_ change: Change, _ command: StaticString, returnsOld: Bool = false, mayWriteOwnKeys: Bool = false) {
        self.change = change
        self.command = command
        self.returnsOld = returnsOld
        self.mayWriteOwnKeys = mayWriteOwnKeys
    }

    /// What it is to the observers of keys, unless the entry is removed.
    var events: KeyEvent {
        switch change {
        case .store(_, .at, _): [.set, .expire]
        case .store: .set
        case .modify(let change): change.event
        case .expire: .expire
        case .persist: .persist
        case .remove: .del
        }
    }

    /// The expiry that the command gives, if it gives one.
    var expiry: ExpiryArgument? {
        switch change {
        case .store(_, .at(let expiry), _), .expire(let expiry, _): expiry
        default: nil
        }
    }
}

/// The conditions of `EXPIRE` and its kin.
struct ExpiryConditions: OptionSet {
    let rawValue: Int
    static let ifNone = ExpiryConditions(rawValue: 1)
    static let ifAny = ExpiryConditions(rawValue: 2)
    static let ifGreater = ExpiryConditions(rawValue: 4)
    static let ifLess = ExpiryConditions(rawValue: 8)

    func allow(_ new: Int64, over old: Int64) -> Bool {
        if contains(.ifNone), old != Expiry.never { return false }
        if contains(.ifAny), old == Expiry.never { return false }
        // No expiry counts as an infinite one.
        if contains(.ifGreater), new <= old || old == Expiry.never { return false }
        if contains(.ifLess), old != Expiry.never, new >= old { return false }
        return true
    }
}
