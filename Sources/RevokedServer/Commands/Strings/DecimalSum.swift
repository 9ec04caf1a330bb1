#if canImport(CLinux)
    import CLinux
#else
    import Foundation
#endif

/// The sum of two decimal numbers as `INCRBYFLOAT` writes it: at most 17 digits behind the point.
enum DecimalSum: Equatable {
    case sum([UInt8])
    case notANumber
    case infinite

    /// Enough for the largest number, without an exponent.
    private static let maximumBytes = 5 * 1024

    init(_ first: [UInt8], _ second: [UInt8]) {
        #if canImport(CLinux)
            var sum = [UInt8](repeating: 0, count: Self.maximumBytes)
            switch clinux_add_decimals(first, first.count, second, second.count, &sum, sum.count) {
            case -1: self = .notANumber
            case -2: self = .infinite
            case let count: self = .sum(Array(sum.prefix(Int(count))))
            }
        #else
            guard let one = Self.number(first), let other = Self.number(second) else {
                self = .notANumber
                return
            }
            guard (one + other).isFinite else {
                self = .infinite
                return
            }
            var text = String(format: "%.17f", one + other)
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
            self = .sum(Array((text == "-0" ? "0" : text).utf8))
        #endif
    }

    #if !canImport(CLinux)
        private static func number(_ bytes: [UInt8]) -> Double? {
            guard bytes.count < maximumBytes, let number = Double(String(decoding: bytes, as: UTF8.self)), !number.isNaN
            else { return nil }
            return number
        }
    #endif
}
