import Denylist
import RESP

/// Databases: choosing one, and what concerns two of them.
enum DatabaseCommands {
    private static let outOfRange = "ERR DB index is out of range"
    private static let same = "ERR source and destination objects are the same"

    static func select(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        if let number = read(arguments[1], &context) {
            session.select(number, &context)
            context.reply.ok()
        }
    }

    /// - Returns: nil if an error was answered.
    private static func read(_ word: RawSpan, _ context: inout ServingContext) -> Int? {
        guard let number = word.parseInteger() else {
            context.failNotAnInteger()
            return nil
        }
        guard Int32(exactly: number) != nil else {
            context.fail("ERR value is out of range, value must between \(Int32.min) and \(Int32.max)")
            return nil
        }
        let database = existing(word)
        if database == nil { context.fail(outOfRange) }
        return database
    }

    /// A database by its number; nil if there is none.
    static func existing(_ word: RawSpan) -> Int? {
        word.parseInteger().flatMap { (0..<Int64(DatabaseNumber.count)).contains($0) ? Int($0) : nil }
    }

    static func move(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let number = read(arguments[2], &context) else { return }
        guard number != context.database else { return context.fail(same) }
        let key = context.classify(1, of: arguments)
        let request = KeyTransfer(
            source: key, target: key.inDatabase(number), events: (.moveFrom, .moveTo), command: "move")
        let outcome = context.transfer(request, arguments, session)
        if let outcome { context.reply.integer(outcome == .done ? 1 : 0) }
    }

    /// `COPY source destination [DB destination-db] [REPLACE]`.
    static func copy(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        var (number, replaces) = (context.database, false)
        var index = 3
        while index < arguments.count {
            if arguments[index].equalsIgnoringCase("replace") {
                replaces = true
            } else if arguments[index].equalsIgnoringCase("db"), index + 1 < arguments.count {
                index += 1
                guard let given = read(arguments[index], &context) else { return }
                number = given
            } else {
                return context.failSyntax()
            }
            index += 1
        }
        guard number != context.database || !arguments[1].equals(arguments[2]) else { return context.fail(same) }
        let request = KeyTransfer(
            source: context.classify(1, of: arguments),
            target: context.classify(2, of: arguments).inDatabase(number), removesSource: false, replaces: replaces,
            events: ([], .copyTo), command: "copy")
        let outcome = context.transfer(request, arguments, session)
        if let outcome { context.reply.integer(outcome == .done ? 1 : 0) }
    }

    static func swapdb(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let one = number(arguments[1]) else { return context.fail("ERR invalid first DB index") }
        guard let other = number(arguments[2]) else { return context.fail("ERR invalid second DB index") }
        let known = 0..<Int64(DatabaseNumber.count)
        guard known.contains(one), known.contains(other) else { return context.fail(outOfRange) }
        switch context.daemon.swap(Int(one), Int(other)) {
        case .swapped(let position):
            context.holds.wait(for: position)
            context.reply.ok()
        case .guarded: context.fail("ERR guarded key: database 0 holds revocations, and is not swapped")
        case .busy:
            context.fail("ERR SWAPDB waits for no snapshot and no rewrite of the log: try again when it has ended")
        }
    }

    private static func number(_ word: RawSpan) -> Int64? {
        word.parseInteger().flatMap { Int32(exactly: $0) == nil ? nil : $0 }
    }
}

extension ClassifiedKey {
    /// The same in another database, where guarded and own keys are not.
    fileprivate func inDatabase(_ number: Int) -> ClassifiedKey {
        ClassifiedKey(index: index, hash: hash, keyClass: keyClass, database: keyClass == .plain ? number : 0)
    }
}
