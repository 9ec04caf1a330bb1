import Foundation
import Testing

@testable import JSON

@Suite struct JSONScannerTests {
    private func accepts(_ bytes: [UInt8]) -> Bool { JSONScanner.malformed(bytes) == nil }

    @Test(arguments: [
        "{}", "[]", " {\t\"a\" :\r\n 1 , \"b\":[true,false,null]} ", "0", "-0.5e+10", "1E-3", #""""#, #""é😀""#,
        #"{"a":{"a":{"a":1}},"b":{"a":2}}"#, #"[{"a":1},{"a":1}]"#, #""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00""#,
        #"{"a":1,"A":2,"á":3,"":4}"#,
    ])
    func whatAllParsersReadAlikeIsAccepted(text: String) throws {
        #expect(accepts(Array(text.utf8)))
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"jti":"x","jt\u0069":"y"}"#, #"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#, #"{"":1,"":2}"#,
        #"{"😀":1,"\ud83d\ude00":2}"#, #"{"a\/b":1,"a/b":2}"#,
        // A decoder takes names that look alike for one.
        "{\"jos\u{E9}\":1,\"jose\u{301}\":2}", "{\"x\":[{\"K\":1,\"a\":2,\"\u{212A}\":3}]}",
    ])
    func aNameThatIsThereTwiceIsRefused(text: String) {
        #expect(JSONScanner.malformed(Array(text.utf8))?.reason == .repeatedName)
    }

    @Test func aRefusalSaysWhere() {
        #expect(JSONScanner.malformed(Array(#"{"a":1,"a":2}"#.utf8)) == .init(reason: .repeatedName, offset: 10))
        #expect(JSONScanner.malformed(Array(#"{"a":{},"b":x}"#.utf8)) == .init(reason: .syntax, offset: 12))
        #expect(JSONScanner.malformed(Array("{} x".utf8)) == .init(reason: .syntax, offset: 3))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "{\"a\":1}x", "{}{}", "[1 2]", "nul",
        "truefalse", "+1", "01", "1.", ".5", "1e", "0x10", "NaN", "Infinity", "-", "\"", "\"\n\"", #""\x""#, #""\u12""#,
        #""\ud800""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00""#, "\u{FEFF}{}", "/* */{}", "[,1]", "{,}",
    ])
    func whatParsersDisagreeAboutIsRefused(text: String) {
        #expect(JSONScanner.malformed(Array(text.utf8))?.reason == .syntax)
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        let bytes = [UInt8(ascii: "\""), 0xC3, 0x28, UInt8(ascii: "\"")]
        #expect(JSONScanner.malformed(bytes) == .init(reason: .notUTF8, offset: 0))
        #expect(!accepts(Array("{}".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }))
    }

    @Test func depthAndMembersAreBounded() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(accepts(nested(JSONScanner.maximumDepth)))
        #expect(!accepts(nested(JSONScanner.maximumDepth + 1)))
        #expect(!accepts(Array(String(repeating: "[", count: 100_000).utf8)))
        func object(_ members: Int) -> [UInt8] {
            Array("{\((0..<members).map { "\"\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        #expect(accepts(object(JSONScanner.maximumMembers)))
        #expect(!accepts(object(JSONScanner.maximumMembers + 1)))
    }

    /// Cut off or changed anywhere, a text is never accepted unless Foundation can read it, too.
    @Test func nothingIsAcceptedThatCannotBeRead() {
        let text = Array(#"{"a":[1.5e3,"\u0041\n",{"b":null,"c":"é"}],"d":-0}"#.utf8)
        for index in text.indices {
            #expect(!accepts(Array(text[..<index])))
            for byte in [0, 0x20, 0x22, 0x2C, 0x30, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
                var changed = text
                changed[index] = byte
                guard accepts(changed) else { continue }
                let value = try? JSONSerialization.jsonObject(with: Data(changed), options: .fragmentsAllowed)
                #expect(value != nil, "\(String(decoding: changed, as: UTF8.self))")
            }
        }
    }

    /// All JSON that programs and the library read from outside goes through one door.
    @Test(arguments: [("RevocationHTTP", 20), ("AuthNode", 40), ("Settings", 5), ("RevokedServer", 60)])
    func thereIsNoOtherDecoder(target: String, fileCount: Int) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let directory = root.appending(path: "Sources/\(target)")
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(files.count >= fileCount)
        for file in files {
            #expect(try !String(contentsOf: file, encoding: .utf8).contains("JSONDecoder()"), "\(file.path)")
        }
    }
}
