import Denylist
import Testing

@testable import Persistence

struct CRC64Tests {
    /// The check value of Redis' own test (crc64.c).
    @Test func isRedisCRC() {
        #expect(CRC64().adding(Array("123456789".utf8).span.bytes).value == 0xE9C6_D914_C4B8_D9CA)
    }

    @Test func piecesAddUp() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7919 >> 3) }
        let whole = CRC64().adding(bytes.span.bytes)
        for cut in 0...40 {
            let first = CRC64().adding(bytes.span.bytes.extracting(0..<cut))
            #expect(first.adding(bytes.span.bytes.extracting(cut..<1000)) == whole)
        }
    }
}

struct ManifestTests {
    let manifest = Manifest(files: [
        Manifest.base(2), .init(name: "a \"b\" \\ \u{e9}.aof", sequence: 1, kind: .history), Manifest.increment(7),
        Manifest.increment(8),
    ])

    @Test func readsBackWhatItWrote() throws {
        let bytes = manifest.encode()
        #expect(try Manifest(decoding: bytes.span.bytes) == manifest)
        #expect(manifest.base == Manifest.base(2) && manifest.increments.map(\.sequence) == [7, 8])
    }

    @Test func readsRedisOwn() throws {
        let text = """
            file appendonly.aof.2.base.rdb seq 2 type b
            file appendonly.aof.1.incr.aof seq 1 type h
            file appendonly.aof.2.incr.aof seq 2 type i

            """
        let read = try Manifest(decoding: Array(text.utf8).span.bytes)
        #expect(read.base == Manifest.base(2) && read.increments == [Manifest.increment(2)] && read.history.count == 1)
    }

    /// Redis 8.2 and later say where a replica's stream stood when the file began, and when it ended.
    @Test func readsTheOffsetsOfRedis8() throws {
        let text = """
            file appendonly.aof.2.base.rdb seq 2 type b
            file appendonly.aof.1.incr.aof seq 1 type h startoffset 0 endoffset 3
            file appendonly.aof.2.incr.aof seq 2 type i startoffset 3

            """
        let read = try Manifest(decoding: Array(text.utf8).span.bytes)
        #expect(read.base == Manifest.base(2) && read.increments == [Manifest.increment(2)] && read.history.count == 1)
        #expect(!read.isOurs)
    }

    /// A word that is not known may change what the files mean.
    @Test func namesTheWordThatItDoesNotKnow() {
        #expect {
            try Manifest(decoding: Array("file a seq 1 type i shard 3\n".utf8).span.bytes)
        } throws: { ($0 as? FormatError)?.reason.contains("shard") == true }
    }

    @Test func refusesAnythingThatIsCut() {
        let bytes = manifest.encode()
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) { try Manifest(decoding: Array(bytes[..<count]).span.bytes) }
        }
    }

    @Test func aFlippedBitIsNeverBelieved() {
        let bytes = manifest.encode()
        for index in bytes.indices {
            for bit in 0..<8 {
                var wrong = bytes
                wrong[index] ^= 1 << UInt8(bit)
                if let read = try? Manifest(decoding: wrong.span.bytes) {
                    #expect(read.files == manifest.files, "bit \(bit) of byte \(index)")
                }
            }
        }
    }

    @Test(arguments: [
        "", "\n", "file a seq 1 type b", "file ../a seq 1 type b\n", "file a seq 0 type b\n", "file a seq 1 type x\n",
        "file a seq 1\n", "file a seq 1 type b\nfile b seq 2 type b\n", "file a seq 1 type i\nfile b seq 1 type i\n",
        "file a seq 1 type i\nfile a seq 2 type i\n", "file \"a seq 1 type i\n", "seq 1 type i x y\n",
        "file a seq 1 type i startoffset x\n", "file a seq 1 type i startoffset\n",
    ])
    func refuses(_ text: String) {
        #expect(throws: FormatError.self) { try Manifest(decoding: Array(text.utf8).span.bytes) }
    }
}

struct RecordEncodingTests {
    @Test func numbersOfEveryLength() throws {
        var number: Int64 = 1
        for digits in 1...18 {
            for expiry in [number, number * 9, number + 7 % number, number * 10 - 1] {
                var bytes: [UInt8] = []
                bytes.appendSet(String(repeating: "k", count: digits * digits), "v", expiry: expiry)
                let key = String(repeating: "k", count: digits * digits)
                let text =
                    "*5\r\n$3\r\nSET\r\n$\(key.count)\r\n\(key)\r\n$1\r\nv\r\n$4\r\nPXAT\r\n$\("\(expiry)".count)\r\n\(expiry)\r\n"
                #expect(bytes == Array(text.utf8))
            }
            number *= 10
        }
    }
}
