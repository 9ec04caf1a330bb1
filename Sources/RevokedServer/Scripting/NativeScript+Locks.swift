/// Locks, as libraries make them of a key with an owner's token and a time to live; adding to a cache, and counting
/// in it.
extension NativeScript {
    private static func words(_ name: String, _ rest: [UInt8]...) -> Words { [Array(name.utf8)] + rest }
    private static let zero = Array("0".utf8)

    /// Whether a key holds this value.
    private static func holds(_ key: [UInt8], _ value: [UInt8], _ call: Call) throws(ScriptFailure) -> Bool {
        try call(words("get", key)) == .bulk(value)
    }

    /// Whether all keys hold this value.
    private static func allHold(_ keys: Words, _ value: [UInt8], _ call: Call) throws(ScriptFailure) -> Bool {
        for key in keys where try !holds(key, value, call) { return false }
        return true
    }

    /// Sets a key that is not there. Arguments: value, seconds.
    static let add = NativeScript("add to a cache", arguments: 2) { keys, arguments, call throws(ScriptFailure) in
        guard try call(words("exists", keys[0])) == .integer(0) else { return .null }
        return try call(words("setex", keys[0], arguments[1], arguments[0]))
    }

    /// Adds to a number that is there. Arguments: what to add.
    static let countIfThere = NativeScript("count in a cache", arguments: 1) {
        keys, arguments, call throws(ScriptFailure) in
        guard try call(words("exists", keys[0])) == .integer(1) else { return .null }
        return try call(words("incrby", keys[0], arguments[0]))
    }

    /// Adds to a number. Arguments: what to add.
    static let count = NativeScript("count in a cache", arguments: 1) { keys, arguments, call throws(ScriptFailure) in
        try call(words("incrby", keys[0], arguments[0]))
    }

    // MARK: One key

    /// Deletes a key if it holds this value. Arguments: value.
    static let release = NativeScript("release a lock", arguments: 1) { keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(0) }
        return try call(words("del", keys[0]))
    }

    /// Arguments: value, milliseconds.
    static let refresh = NativeScript("refresh a lock", arguments: 2) { keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(0) }
        return try call(words("pexpire", keys[0], arguments[1]))
    }

    /// Arguments: value, seconds; 0 for ever.
    static let refreshOrPersist = NativeScript("refresh a lock", arguments: 2) {
        keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(0) }
        if let seconds = number(arguments[1]), seconds > 0 {
            return try call(words("expire", keys[0], arguments[1]))
        }
        _ = try call(words("persist", keys[0]))
        return .integer(1)
    }

    /// Arguments: value, milliseconds.
    static let reacquire = NativeScript("reacquire a lock", arguments: 2) {
        keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(0) }
        _ = try call(words("pexpire", keys[0], arguments[1]))
        return .integer(1)
    }

    /// Arguments: value, milliseconds, `0` to add them to what is left.
    static let extend = NativeScript("extend a lock", arguments: 3) { keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(0) }
        guard case .integer(let left) = try call(words("pttl", keys[0])), left >= 0 else { return .integer(0) }
        var milliseconds = arguments[1]
        if arguments[2] == zero {
            guard let more = number(milliseconds), let sum = Optional(more.addingReportingOverflow(left)),
                !sum.overflow
            else { throw ScriptFailure("ERR value is not an integer or out of range") }
            milliseconds = Array(String(sum.partialValue).utf8)
        }
        _ = try call(words("pexpire", keys[0], milliseconds))
        return .integer(1)
    }

    /// Arguments: value.
    static let timeLeft = NativeScript("time left of a lock", arguments: 1, isReadOnly: true) {
        keys, arguments, call throws(ScriptFailure) in
        guard try holds(keys[0], arguments[0], call) else { return .integer(-3) }
        return try call(words("pttl", keys[0]))
    }

    /// Sets a key that holds this value, or is not there. Arguments: value, milliseconds, `yes` for the latter.
    static let lockOrExtend = NativeScript("lock", arguments: 3) { keys, arguments, call throws(ScriptFailure) in
        let isFree = try call(words("exists", keys[0])) == .integer(0)
        let isHeld = try holds(keys[0], arguments[0], call)
        guard isHeld || isFree && arguments[2] == Array("yes".utf8) else { return .null }
        return try call(words("set", keys[0], arguments[0], Array("PX".utf8), arguments[1]))
    }

    static let valueAndTimeLeft = NativeScript("value and time left of a lock", arguments: 0, isReadOnly: true) {
        keys, _, call throws(ScriptFailure) in
        .array([try call(words("get", keys[0])), try call(words("pttl", keys[0]))])
    }

    // MARK: Several keys

    /// Sets all keys if none is there, or if all begin with the token. Arguments: value, the token's length,
    /// milliseconds.
    static let obtainAll = NativeScript("obtain locks", arguments: 3, takesSeveralKeys: true) {
        keys, arguments, call throws(ScriptFailure) in
        let pairs = keys.flatMap { [$0, arguments[0]] }
        if try call(words("msetnx") + pairs) != .integer(1) {
            guard let length = number(arguments[1]), length >= 0 else {
                throw ScriptFailure("ERR value is not an integer or out of range")
            }
            let token = Array(arguments[0].prefix(Int(clamping: length)))
            let last = Array(String(length - 1).utf8)
            for key in keys where try call(words("getrange", key, zero, last)) != .bulk(token) { return .null }
            _ = try call(words("mset") + pairs)
        }
        for key in keys { _ = try call(words("pexpire", key, arguments[2])) }
        return .ok
    }

    /// Arguments: value.
    static let releaseAll = NativeScript("release locks", arguments: 1, takesSeveralKeys: true) {
        keys, arguments, call throws(ScriptFailure) in
        guard try allHold(keys, arguments[0], call) else { return .null }
        _ = try call(words("del") + keys)
        return .ok
    }

    /// Arguments: value, milliseconds.
    static let refreshAll = NativeScript("refresh locks", arguments: 2, takesSeveralKeys: true) {
        keys, arguments, call throws(ScriptFailure) in
        guard try allHold(keys, arguments[0], call) else { return .null }
        for key in keys { _ = try call(words("pexpire", key, arguments[1])) }
        return .ok
    }

    /// Arguments: value.
    static let shortestTimeLeft = NativeScript(
        "time left of locks", arguments: 1, takesSeveralKeys: true, isReadOnly: true
    ) { keys, arguments, call throws(ScriptFailure) in
        guard try allHold(keys, arguments[0], call) else { return .null }
        var shortest: Int64 = 0
        for key in keys {
            guard case .integer(let left) = try call(words("pttl", key)), left > 0 else { continue }
            if shortest == 0 || left < shortest { shortest = left }
        }
        return .integer(shortest)
    }

    // MARK: Our own client

    /// Sets a cut-off unless a later one is held. Arguments: the cut-off, seconds.
    static let raiseCutOff = NativeScript("raise a cut-off", arguments: 2) {
        keys, arguments, call throws(ScriptFailure) in
        var value = arguments[0]
        if case .bulk(let held) = try call(words("get", keys[0])), held.count <= 18, let old = number(held),
            held.allSatisfy({ (0x30...0x39).contains($0) }), let new = number(value), old > new
        {
            value = held
        }
        guard case .integer(let left) = try call(words("pttl", keys[0])), left != -1 else {
            return try call(words("set", keys[0], value))
        }
        guard let seconds = number(arguments[1]), let due = Optional(seconds.multipliedReportingOverflow(by: 1000)),
            !due.overflow
        else { throw ScriptFailure("ERR value is not an integer or out of range") }
        let milliseconds = Array(String(max(left, due.partialValue)).utf8)
        return try call(words("set", keys[0], value, Array("PX".utf8), milliseconds))
    }

    /// Sets a key that is not there, and answers what was there. Arguments: value, seconds.
    static let claim = NativeScript("claim", arguments: 2) { keys, arguments, call throws(ScriptFailure) in
        let held = try call(words("get", keys[0]))
        if held == .null { _ = try call(words("set", keys[0], arguments[0], Array("EX".utf8), arguments[1])) }
        return held
    }

    /// Replaces the expected value, or sets a key that is not there. Arguments: the expected value, the new one.
    static let exchange = NativeScript("exchange", arguments: 2) { keys, arguments, call throws(ScriptFailure) in
        let held = try call(words("get", keys[0]))
        if held == .null || held == .bulk(arguments[0]) { _ = try call(words("set", keys[0], arguments[1])) }
        return .ok
    }

    private static func number(_ bytes: [UInt8]) -> Int64? { Int64(String(decoding: bytes, as: UTF8.self)) }
}
