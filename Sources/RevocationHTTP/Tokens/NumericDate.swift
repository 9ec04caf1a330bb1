/// A time in a JWT: seconds since 1970, possibly with a fraction (RFC 7519 §2). Held in milliseconds, rounded to
/// nearest.
struct NumericDate: Decodable {
    let milliseconds: Int64

    /// - Returns: nil for a number that is no date from 1970 to 9999.
    init?(seconds: Double) {
        guard (0..<253_402_300_800).contains(seconds) else { return nil }
        milliseconds = Int64((seconds * 1000).rounded())
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = NumericDate(seconds: try container.decode(Double.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date from 1970 to 9999")
        }
        self = date
    }
}
