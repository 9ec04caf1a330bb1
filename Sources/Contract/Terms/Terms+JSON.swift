// The canonical text of terms, as written by Python's `json.dumps(terms, sort_keys=True, separators=(",", ":"),
// ensure_ascii=False)`. It is read and written here and not by a library, because any other text is refused.

extension Terms {
    /// The canonical text, UTF-8.
    public var bytes: [UInt8] { Array(text.utf8) }

    /// The canonical text.
    public var text: String {
        #"{"issuers":["# + issuers.map(\.text).joined(separator: ",") + #"],"leeway":\#(leeway),"v":\#(Self.version)}"#
    }

    /// Reads a store's value.
    /// - Throws: ``ContractError/Code/invalidTerms`` unless it is the canonical text of valid terms,
    ///   ``ContractError/Code/newerTerms`` if a later release has written it.
    public init(_ bytes: [UInt8]) throws(ContractError) {
        guard bytes.count <= Limits.maximumTermsBytes else {
            throw Self.invalid("they are longer than \(Limits.maximumTermsBytes) bytes")
        }
        guard Self.hasKnownVersion(bytes) else {
            throw ContractError(.newerTerms, "the denylist's terms were written by a later release: update this one")
        }
        var reader = TermsReader(bytes)
        try self.init(&reader)
        // Catches all that the reader may be too lenient about.
        guard self.bytes == bytes else { throw Self.invalid("they are not in the canonical form") }
    }

    private init(_ reader: inout TermsReader) throws(ContractError) {
        try reader.expect(#"{"issuers":["#)
        var issuers: [Issuer] = []
        repeat {
            guard issuers.count < Limits.maximumIssuers else {
                throw Self.invalid("there are 1 to \(Limits.maximumIssuers) issuers")
            }
            issuers.append(try Issuer(&reader))
        } while reader.accept(",")
        try reader.expect(#"],"leeway":"#)
        let leeway = try reader.number()
        try reader.expect(#","v":\#(Self.version)}"#)
        try reader.expectEnd()
        try self.init(issuers: issuers, leeway: leeway)
    }

    /// The version comes last, as keys are sorted.
    private static func hasKnownVersion(_ bytes: [UInt8]) -> Bool {
        let mark = Array(#","v":"#.utf8)
        let digits = bytes.dropLast().reversed().prefix { (0x30...0x39).contains($0) }
        guard bytes.last == UInt8(ascii: "}"), (1...18).contains(digits.count),
            bytes.dropLast(1 + digits.count).suffix(mark.count).elementsEqual(mark),
            let version = Int64(String(decoding: digits.reversed(), as: UTF8.self))
        else { return true }
        return version <= Self.version
    }
}

extension Terms.Issuer {
    fileprivate var text: String {
        let lifetimes = lifetimes.map { #"{"ms":\#($0.milliseconds),"since":\#($0.since)}"# }.joined(separator: ",")
        return "{" + (label.map { #""label":\#(Terms.quoted($0)),"# } ?? "")
            + #""lead":\#(lead),"lifetimes":[\#(lifetimes)]"# + (name.map { #","name":\#(Terms.quoted($0))"# } ?? "")
            + "}"
    }

    fileprivate init(_ reader: inout TermsReader) throws(ContractError) {
        try reader.expect("{")
        let label = reader.accept(#""label":"#) ? try reader.string() : nil
        if label != nil { try reader.expect(",") }
        try reader.expect(#""lead":"#)
        let lead = try reader.number()
        try reader.expect(#","lifetimes":["#)
        var lifetimes: [Terms.Lifetime] = []
        repeat {
            guard lifetimes.count < Limits.maximumLifetimes else {
                throw Terms.invalid("an issuer has 1 to \(Limits.maximumLifetimes) lifetimes")
            }
            try reader.expect(#"{"ms":"#)
            let milliseconds = try reader.number()
            try reader.expect(#","since":"#)
            lifetimes.append(Terms.Lifetime(milliseconds: milliseconds, since: try reader.number()))
            try reader.expect("}")
        } while reader.accept(",")
        try reader.expect("]")
        let name = reader.accept(#","name":"#) ? try reader.string() : nil
        try reader.expect("}")
        self.init(name: name, label: label, lead: lead, lifetimes: lifetimes)
    }
}

extension Terms {
    /// A JSON string. Names and labels have no control characters, so only two characters are escaped.
    fileprivate static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}

/// Reads the canonical text from front to back.
private struct TermsReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Consumes `text` if it comes next.
    mutating func accept(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    mutating func expect(_ text: String) throws(ContractError) {
        guard accept(text) else { throw malformed }
    }

    func expectEnd() throws(ContractError) {
        guard rest.isEmpty else { throw malformed }
    }

    /// A whole number, not negative.
    mutating func number() throws(ContractError) -> Int64 {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...18).contains(digits.count), let number = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw malformed
        }
        rest = rest.dropFirst(digits.count)
        return number
    }

    mutating func string() throws(ContractError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { throw malformed }
            bytes.append(escaped)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed }
        return text
    }

    private var malformed: ContractError { Terms.invalid("they are not the JSON specified for \(Terms.key)") }
}
