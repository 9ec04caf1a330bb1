extension Unicode.Scalar {
    /// Whether a terminal may obey it or show other text because of it: controls (C0, C1), marks of direction and other
    /// invisible ones, and ends of lines and paragraphs.
    fileprivate var steersTerminal: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

extension String {
    /// What a terminal shows as it is. Identifiers and reasons may hold anything.
    var printable: String {
        String(UnicodeScalarView(unicodeScalars.map { $0.steersTerminal ? "?" : $0 }))
    }

    /// The same JSON, of one line: such characters stand in strings only, and are escaped.
    var printableJSON: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.steersTerminal else { return text.unicodeScalars.append(scalar) }
            for unit in scalar.utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
}
