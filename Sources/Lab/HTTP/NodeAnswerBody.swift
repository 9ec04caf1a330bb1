import Foundation

/// The members of the bodies that a load looks into.
struct NodeAnswerBody: Decodable {
    var access: String?
    var refresh: String?
    var message: String?

    private enum CodingKeys: String, CodingKey {
        case access = "access_token"
        case refresh = "refresh_token"
        case message = "error_description"
    }

    /// All members nil for anything that is no JSON object.
    init(_ bytes: [UInt8]) {
        self = (try? JSONDecoder().decode(NodeAnswerBody.self, from: Data(bytes))) ?? NodeAnswerBody()
    }

    private init() {}

    /// Whether a refused refresh token was used before, by which its session has been revoked.
    var saysUsedBefore: Bool { message?.contains("was used before") == true }

    /// Why something was unavailable, without what is said to the user about it.
    var cause: String {
        guard var cause = message else { return "no reason given" }
        for prefix in [
            "the token is NOT revoked, try again: ", "no tokens were issued, present the same one again: ",
        ] where cause.hasPrefix(prefix) {
            cause.removeFirst(prefix.count)
        }
        return cause
    }
}

extension [UInt8] {
    /// Whether it contains a text: for the many bodies that need not be decoded for that.
    func contains(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { wanted in
            withUnsafeBytes { bytes in
                var start = 0
                while start + wanted.count <= bytes.count {
                    if memcmp(bytes.baseAddress! + start, wanted.baseAddress!, wanted.count) == 0 { return true }
                    start += 1
                }
                return false
            }
        }
    }
}
