import Foundation

/// Numbers as a person reads them.
enum Quantity {
    /// A time in the unit that fits it, with three digits that count.
    static func time(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1000: BenchReport.short(microseconds) + " µs"
        case ..<1_000_000: BenchReport.short(microseconds / 1e3) + " ms"
        default: BenchReport.short(microseconds / 1e6) + " s"
        }
    }

    /// With a comma after every three digits.
    static func count(_ number: Int) -> String {
        let digits = Array("\(number.magnitude)")
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Whole seconds, or minutes and seconds.
    static func seconds(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        guard whole >= 60 else { return "\(whole) s" }
        guard whole >= 3600 else { return String(format: "%d:%02d min", whole / 60, whole % 60) }
        return String(format: "%d:%02d:%02d h", whole / 3600, whole / 60 % 60, whole % 60)
    }
}
