import Settings

/// How much of `maxmemory` only revocations may fill: plain keys are refused before it.
package struct GuardedReserve: Sendable, Equatable, CustomStringConvertible {
    private enum Amount: Equatable {
        case percent(Int)
        case bytes(Int)
    }

    private let amount: Amount

    private init(_ amount: Amount) { self.amount = amount }

    package static let quarter = GuardedReserve(.percent(25))

    /// - Parameter text: a share (`25%`) or a size (`100mb`); nil if it is neither.
    package init?(_ text: String) {
        if text.hasSuffix("%") {
            let digits = text.dropLast()
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let percent = Int(digits), percent <= 100 else {
                return nil
            }
            self.init(.percent(percent))
        } else {
            guard let bytes = MemorySize.parse(text) else { return nil }
            self.init(.bytes(bytes))
        }
    }

    /// - Parameter maximum: `maxmemory`, in bytes; 0 is no limit, of which nothing has to be kept.
    func bytes(of maximum: Int) -> Int {
        switch amount {
        case .percent(let percent): maximum / 100 * percent + maximum % 100 * percent / 100
        case .bytes(let bytes): min(bytes, maximum)
        }
    }

    package var description: String {
        switch amount {
        case .percent(let percent): "\(percent)%"
        case .bytes(let bytes): "\(bytes)"
        }
    }
}
