/// Sizes as Redis' configuration writes them.
package enum MemorySize {
    /// Bytes from `100`, `100b`, `1k` (1,000), `1kb` (1,024), `1m`, `1mb`, `1g`, `1gb`, in any case.
    package static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let factor: Int
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": factor = 1
        case "k": factor = 1000
        case "kb": factor = 1 << 10
        case "m": factor = 1_000_000
        case "mb": factor = 1 << 20
        case "g": factor = 1_000_000_000
        case "gb": factor = 1 << 30
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// The shortest text that ``parse(_:)`` takes: `64mb`.
    package static func text(_ bytes: Int) -> String {
        for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)] where bytes > 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return String(bytes)
    }

    /// As `INFO` shows it to people: `1.50M`.
    package static func describe(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), "B")
        for larger in ["K", "M", "G", "T"] where value >= 1024 { (value, unit) = (value / 1024, larger) }
        if unit == "B" { return "\(bytes)B" }
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)\(unit)"
    }
}
