import RESP

/// The options of `SET` and `GETEX` (Redis command reference), read as Redis reads them.
struct SetOptions {
    enum Owner { case set, getex }
    enum Condition { case always, ifAbsent, ifPresent }
    enum Time {
        case none
        /// Where the number stands among the arguments.
        case argument(Int, TimeUnit, isAbsolute: Bool)
        case keep
        case persist
    }

    var condition = Condition.always
    var returnsOld = false
    var time = Time.none

    /// - Returns: nil if the syntax is wrong.
    init?(_ arguments: Arguments, from start: Int, of owner: Owner) {
        var index = start
        while index < arguments.count {
            let word = arguments[index]
            let hasNext = index + 1 < arguments.count
            if owner == .set, word.equalsIgnoringCase("nx"), condition != .ifPresent {
                condition = .ifAbsent
            } else if owner == .set, word.equalsIgnoringCase("xx"), condition != .ifAbsent {
                condition = .ifPresent
            } else if owner == .set, word.equalsIgnoringCase("get") {
                returnsOld = true
            } else if owner == .set, word.equalsIgnoringCase("keepttl"), accepts(.keep) {
                time = .keep
            } else if owner == .getex, word.equalsIgnoringCase("persist"), accepts(.persist) {
                time = .persist
            } else if hasNext, let (unit, isAbsolute) = Self.timeOption(word),
                accepts(.argument(index + 1, unit, isAbsolute: isAbsolute))
            {
                time = .argument(index + 1, unit, isAbsolute: isAbsolute)
                index += 1
            } else {
                return nil
            }
            index += 1
        }
    }

    private static func timeOption(_ word: RawSpan) -> (TimeUnit, isAbsolute: Bool)? {
        if word.equalsIgnoringCase("ex") { return (.seconds, false) }
        if word.equalsIgnoringCase("px") { return (.milliseconds, false) }
        if word.equalsIgnoringCase("exat") { return (.seconds, true) }
        if word.equalsIgnoringCase("pxat") { return (.milliseconds, true) }
        return nil
    }

    /// One kind of time only; the same may be repeated.
    private func accepts(_ new: Time) -> Bool {
        switch (time, new) {
        case (.none, _), (.keep, .keep), (.persist, .persist): true
        case (.argument(_, let unit, let isAbsolute), .argument(_, let newUnit, let newIsAbsolute)):
            unit == newUnit && isAbsolute == newIsAbsolute
        default: false
        }
    }
}

extension Worker {
    /// Reads a time to live or an expiry that must be positive; otherwise answers the error.
    mutating func readExpiry(
        _ argument: RawSpan, _ unit: TimeUnit, isAbsolute: Bool, _ command: StaticString
    ) -> ExpiryArgument? {
        guard let number = argument.parseInteger() else {
            failNotAnInteger()
            return nil
        }
        guard number > 0, number <= Int64.max / unit.factor else {
            failExpireTime("\(command)")
            return nil
        }
        return ExpiryArgument(milliseconds: number * unit.factor, isAbsolute: isAbsolute)
    }
}
