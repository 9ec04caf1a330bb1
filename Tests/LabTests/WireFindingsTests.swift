#if os(Linux)
    import Testing

    @testable import Lab

    @Suite struct WireFindingsTests {
        /// Of a run of one second.
        private func findings(
            requests: Int = 1000, server: Double?, harness: Double, waiting: Double = 0, rate: Double? = nil,
            unsent: Int = 0, lateness: Int64 = 0
        ) -> WireFindings {
            var result = LoadResult()
            result.requests = requests
            result.nanoseconds = 1_000_000_000
            result.serverNanoseconds = Int64((server ?? 0) * 1e9)
            result.generatorNanoseconds = Int64(harness * 1e9)
            result.generatorWaiting = Int64(waiting * 1e9)
            result.unsent = unsent
            result.lateness.record(lateness, count: 100)
            var settings = WireConfiguration(url: "")
            settings.rate = rate
            let server = WireServer(
                address: .loopback(port: 1), name: "redis-server 7", epoch: nil, process: server == nil ? nil : 1)
            return WireFindings(result, server, settings, name: nil)
        }

        @Test func itSaysWhatTheLimitWas() {
            #expect(findings(server: 0.97, harness: 0.4).limit == .server)
            #expect(findings(server: 0.5, harness: 0.95).limit == .harness)
            #expect(findings(server: 0.95, harness: 0.95).limit == .server)
            #expect(findings(server: 0.3, harness: 0.3).limit == .replies)
            #expect(findings(server: 0.3, harness: 0.3, waiting: 0.3).limit == .disturbance)
            #expect(findings(server: nil, harness: 0.3).limit == .unknown)
            #expect(findings(server: nil, harness: 0.99).limit == .harness)
            #expect(findings(requests: 995, server: 0.97, harness: 0.1, rate: 1000).limit == .rate)
            #expect(findings(requests: 900, server: 0.97, harness: 0.1, rate: 1000).limit == .server)
        }

        @Test func itWarnsOfWhatMakesTheFiguresLess() {
            #expect(findings(server: 0.97, harness: 0.4).warnings.isEmpty)
            #expect(findings(server: 0.5, harness: 0.95).warnings.first?.contains("the harness") == true)
            let missed = findings(requests: 900, server: 0.97, harness: 0.1, rate: 1000, unsent: 77).warnings
            #expect(missed.first?.hasPrefix("the rate was not reached: 900/s of 1,000/s; 77 requests") == true)
            #expect(findings(server: 0.2, harness: 0.1, rate: 1000).warnings.isEmpty)
            #expect(findings(server: 0.2, harness: 0.1, rate: 1000, lateness: 5_000_000).warnings.count == 1)
            #expect(findings(server: 0.2, harness: 0.1, waiting: 0.2).warnings.first?.contains("20 %") == true)
        }

        @Test func aRefusalIsExplained() {
            func failure(_ reply: String, _ wanted: String) -> String {
                Array(reply.utf8).withUnsafeBytes {
                    LoadFailure.unexpected($0, wanted: ArraySlice(Array(wanted.utf8))).message
                }
            }
            #expect(
                failure("+OK\r\n-OOM command\r\n", "+OK\r\n+OK\r\n").hasPrefix(
                    "the server answered -OOM command: it is"))
            #expect(failure(":0\r\n", ":1\r\n") == #"the server answered ":0\r\n" where ":1\r\n" was right"#)
            #expect(
                failure(":1\r\n:0\r\n", ":1\r\n:1\r\n") == #"the server answered ":0\r\n" where ":1\r\n" was right"#)
        }

        @Test func theMixIsTheOneThatWasAskedFor() {
            var settings = WireConfiguration(url: "")
            settings.revokePercent = 3
            settings.hitPercent = 25
            settings.check = .full
            let mix = settings.mix(in: .redis(epoch: nil), named: "A: ")
            #expect(mix.map(\.percent) == [3, 24, 73])
            #expect(mix.map(\.template.name) == ["A: SETEX", "A: full check, revoked", "A: full check, not revoked"])
            #expect(String(decoding: mix[2].template.reply, as: UTF8.self) == "*4\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n")
            settings.revokePercent = 0
            settings.hitPercent = 100
            #expect(settings.mix(in: .redis(epoch: nil), named: "").map(\.percent) == [100])
        }

        @Test func aServerOfAnotherProcessIsNotTakenForIt() throws {
            let port = try LoopbackSocket.freePort()
            #expect(!ListeningProcess.listens(1, on: port))
        }
    }
#endif
