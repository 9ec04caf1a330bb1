import Foundation

extension LoadReport {
    /// Writes it as JSON.
    func write(json path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(self).write(to: URL(filePath: path))
    }

    /// Reads what ``write(json:)`` wrote.
    init(json path: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(LoadReport.self, from: Data(contentsOf: URL(filePath: path)))
    }
}
