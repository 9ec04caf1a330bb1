/// What a setting takes. Its description completes "takes …".
package enum SettingKind: Sendable, CustomStringConvertible {
    case number(ClosedRange<Int>, of: String?)
    /// In bytes.
    case size(ClosedRange<Int>)
    case oneOf([String])
    /// Something else, with one that is accepted and no default, for documents and tests.
    case other(String, example: String)

    package var description: String {
        switch self {
        case .number(let range, let unit):
            "a number \(unit.map { "of \($0) " } ?? "")from \(range.lowerBound) to \(range.upperBound)"
        case .size(let range):
            "a size such as 100mb"
                + (range.upperBound < .max
                    ? ", from \(MemorySize.text(range.lowerBound)) to \(MemorySize.text(range.upperBound))"
                    : range.lowerBound > 0 ? ", at least \(MemorySize.text(range.lowerBound))" : "")
        case .oneOf(let names):
            names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        case .other(let what, _): what
        }
    }
}

/// How the value of a setting is written.
package struct SettingFormat<Value: Sendable>: Sendable {
    let kind: SettingKind
    let parse: @Sendable (String) -> Value?
    /// As `parse` takes it.
    let write: @Sendable (Value) -> String
    /// As documents show a default.
    let document: @Sendable (Value) -> String

    package init(
        _ kind: SettingKind, parse: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> String, document: (@Sendable (Value) -> String)? = nil
    ) {
        self.kind = kind
        self.parse = parse
        self.write = write
        self.document = document ?? write
    }

    /// One that need not be given.
    /// - Parameter emptyIsNil: whether an empty text means that it is not; otherwise it is a text like others.
    package static func optional<Wrapped>(_ format: SettingFormat<Wrapped>, emptyIsNil: Bool = false) -> Self
    where Value == Wrapped? {
        Self(
            format.kind,
            parse: { text in emptyIsNil && text.isEmpty ? .some(nil) : format.parse(text).map { .some($0) } },
            write: { $0.map(format.write) ?? "" }, document: { $0.map(format.document) ?? "" })
    }
}

extension SettingFormat where Value: FixedWidthInteger {
    package static func number(in range: ClosedRange<Int>, of unit: String? = nil) -> Self {
        Self(
            .number(range, of: unit), parse: { Int($0).flatMap { range.contains($0) ? Value(exactly: $0) : nil } },
            write: { "\($0)" })
    }
}

extension SettingFormat where Value == Duration {
    /// Whole ones.
    package static func seconds(in range: ClosedRange<Int>) -> Self {
        Self(
            .number(range, of: "seconds"),
            parse: { Int($0).flatMap { range.contains($0) ? .seconds($0) : nil } },
            write: { "\($0.components.seconds)" })
    }
}

extension SettingFormat where Value == Int {
    /// Bytes.
    package static func size(in range: ClosedRange<Int> = 0...Int.max) -> Self {
        Self(
            .size(range), parse: { MemorySize.parse($0).flatMap { range.contains($0) ? $0 : nil } },
            write: { "\($0)" }, document: MemorySize.text)
    }
}

extension SettingFormat where Value == Bool {
    package static var yesOrNo: Self {
        Self(
            .oneOf(["yes", "no"]),
            parse: {
                ["yes": true, "true": true, "1": true, "no": false, "false": false, "0": false][$0.lowercased()]
            },
            write: { $0 ? "yes" : "no" })
    }
}

extension SettingFormat where Value: CaseIterable & RawRepresentable<String> {
    package static func name(of values: [Value] = Array(Value.allCases)) -> Self {
        let names = values.map(\.rawValue)
        return Self(
            .oneOf(names), parse: { names.contains($0) ? Value(rawValue: $0) : nil }, write: { $0.rawValue })
    }
}

extension SettingFormat where Value == String {
    /// Text that is not empty.
    package static func text(
        _ what: String = "a text that is not empty", example: String,
        where isAccepted: @escaping @Sendable (String) -> Bool = { !$0.isEmpty }
    ) -> Self {
        Self(.other(what, example: example), parse: { isAccepted($0) ? $0 : nil }, write: { $0 })
    }
}

extension SettingFormat where Value: CustomStringConvertible {
    /// A value that reads and describes itself.
    package static func described(
        _ what: String, example: String, parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        Self(.other(what, example: example), parse: parse, write: { $0.description })
    }
}
