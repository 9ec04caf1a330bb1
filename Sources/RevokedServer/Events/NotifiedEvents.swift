/// Which events are published, and where: Redis' `notify-keyspace-events`.
package struct NotifiedEvents: OptionSet, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `__keyspace@0__:<key>`, with the event as message.
    static let keyspace = letter("K")
    /// `__keyevent@0__:<event>`, with the key as message.
    static let keyevent = letter("E")
    static let generic = letter("g")
    static let strings = letter("$")
    static let expired = letter("x")
    static let new = letter("n")
    /// What `A` stands for: events of other types than strings never happen here.
    private static let usual = Self("g$lshzxetd")!

    /// In Redis' order.
    private static let letters = Array("g$lshzxetdnKE")

    private static func letter(_ letter: Character) -> Self {
        Self(rawValue: 1 << UInt32(letters.firstIndex(of: letter)!))
    }

    /// - Returns: nil if a letter is not one of them. `m`, of keys that were looked up in vain, is none: reads tell
    ///   nobody.
    package init?(_ text: String) {
        self = []
        for character in text {
            if character == "A" {
                formUnion(Self("g$lshzxetd")!)
            } else {
                guard let index = Self.letters.firstIndex(of: character) else { return nil }
                insert(Self(rawValue: 1 << UInt32(index)))
            }
        }
    }

    package var description: String {
        let isUsual = isSuperset(of: Self.usual)
        let letters = Self.letters.enumerated().filter { index, letter in
            let bit = Self(rawValue: 1 << UInt32(index))
            // As in Redis, A hides n.
            return contains(bit) && !(isUsual && (Self.usual.contains(bit) || bit == .new))
        }
        return (isUsual ? "A" : "") + String(letters.map(\.element))
    }

    /// Whether anything is published: a kind of channel and a kind of event.
    var isActive: Bool {
        !isDisjoint(with: [.keyspace, .keyevent]) && !isDisjoint(with: [.generic, .strings, .expired, .new])
    }

    /// Whether an event is of a kind that is published.
    func covers(_ event: KeyEvent) -> Bool {
        switch event {
        case .new: contains(.new)
        case .expired: contains(.expired)
        case .set, .incrby, .incrbyfloat, .append, .setrange, .setbit: contains(.strings)
        default: contains(.generic)
        }
    }
}
