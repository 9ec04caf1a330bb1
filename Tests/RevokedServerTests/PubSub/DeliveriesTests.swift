import TestSupport
import Testing

@testable import RevokedServer

/// In which order a thread hands out what is in its mailbox.
@Suite struct DeliveriesTests {
    @Test func whatIsCopiedLeavesATurnToTheOthers() throws {
        let bench = SessionBench()
        let (client, totals) = (bench.client, MailTotals { 0 })
        let mailbox = Mailbox(totals)
        func post(_ condition: Mailbox.Condition, _ count: Int) {
            for number in 0..<count {
                mailbox.post(
                    .init(message: PushMessage("x", Int64(number)), recipients: [client], condition: condition))
            }
        }
        post(.copies, 20)
        post(.monitors, 2)
        post(.hearsInvalidations, 4)
        var deliveries = Deliveries()
        #expect(deliveries.take(from: mailbox) && !deliveries.mayWait)
        var order = ""
        while let next = deliveries.next(mailbox) {
            switch next.letter.condition {
            case .copies: order += "c"
            case .hearsInvalidations: order += "i"
            default: order += "o"
            }
        }
        #expect(order == "cccicccicccicccicccocccocc")
        #expect(deliveries.isEmpty && totals.bytes == 0)
    }

    /// Small while messages are young; the older the first one is the more are sent, and in the end all of them.
    @Test func portionsGrowWithTheAgeOfTheOldestMessage() {
        let (client, clock) = (SessionBench().client, TestClock())
        let mailbox = Mailbox(MailTotals { clock.source.boot() })
        func post(_ condition: Mailbox.Condition) {
            mailbox.post(.init(message: PushMessage("x", 1), recipients: [client], condition: condition))
        }
        var deliveries = Deliveries()
        func portion() -> Int { deliveries.portion(at: clock.source.boot()) }
        #expect(portion() == 8)
        // The oldest is the one that is sent last.
        post(.monitors)
        var portions: [Int] = []
        for _ in 0..<20 {
            clock.advance(.milliseconds(50))
            post(.hearsInvalidations)
            _ = deliveries.take(from: mailbox)
            portions.append(portion())
        }
        #expect(portions.prefix(5) == [8, 16, 32, 64, 128])
        #expect(zip(portions, portions.dropFirst()).allSatisfy { $0 <= $1 } && portions[18] < .max)
        #expect(portions[19] == .max)
        var sent = 0
        while deliveries.next(mailbox) != nil { sent += 1 }
        post(.monitors)
        #expect(sent == 21 && deliveries.take(from: mailbox) && portion() == 8)
    }
}
