import Denylist
import RESP

/// The options of `SET`, `MSETEX` and `GETEX` (Redis command reference), read as Redis reads them.
struct SetOptions {
    enum Owner { case set, msetex, getex }

    /// What has to be so of the entry that is there.
    enum Condition: Equatable {
        case always, ifAbsent, ifPresent
        /// Its value is the argument at this place; there has to be one.
        case ifEqual(Int)
        /// Its value is another, or there is none.
        case ifDifferent(Int)
    }

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
            if owner != .getex, word.equalsIgnoringCase("nx"), [.always, .ifAbsent].contains(condition) {
                condition = .ifAbsent
            } else if owner != .getex, word.equalsIgnoringCase("xx"), [.always, .ifPresent].contains(condition) {
                condition = .ifPresent
            } else if owner == .set, hasNext, condition == .always,
                let comparison = Condition(comparing: word, with: index + 1)
            {
                condition = comparison
                index += 1
            } else if owner == .set, word.equalsIgnoringCase("get") {
                returnsOld = true
            } else if owner != .getex, word.equalsIgnoringCase("keepttl"), accepts(.keep) {
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

extension SetOptions.Condition {
    /// `IFEQ` or `IFNE`; nil if `word` is another.
    init?(comparing word: RawSpan, with index: Int) {
        if word.equalsIgnoringCase("ifeq") {
            self = .ifEqual(index)
        } else if word.equalsIgnoringCase("ifne") {
            self = .ifDifferent(index)
        } else {
            return nil
        }
    }

    @inline(__always)
    func holds(for entry: borrowing Entry, _ arguments: borrowing Arguments) -> Bool {
        if case .always = self { return true }
        return isMet(by: entry, arguments)
    }

    private func isMet(by entry: borrowing Entry, _ arguments: borrowing Arguments) -> Bool {
        switch self {
        case .always: true
        case .ifAbsent: !entry.exists
        case .ifPresent: entry.exists
        case .ifEqual(let index): entry.exists && entry.withValue { $0.equals(arguments[index]) }
        case .ifDifferent(let index): !entry.exists || entry.withValue { !$0.equals(arguments[index]) }
        }
    }
}

extension ServingContext {
    /// The expiry that options ask for; otherwise answers the error.
    mutating func readExpiry(
        _ options: SetOptions, _ arguments: borrowing Arguments, _ command: StaticString
    ) -> KeyWrite.NewExpiry? {
        switch options.time {
        case .argument(let index, let unit, let isAbsolute):
            readExpiry(arguments[index], unit, isAbsolute: isAbsolute, command).map { .at($0) }
        case .keep: .keep
        case .none, .persist: KeyWrite.NewExpiry.none
        }
    }

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
