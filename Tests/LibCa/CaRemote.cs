using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Flyscan.LibCa;

/// <summary>Does with the C library what the lines of standard input say, and says line by line what came of it.</summary>
/// <remarks>Numbers for channels and requests are the asker's. <code>
/// open CHANNEL NAME               connection CHANNEL up|down; rights CHANNEL BITS
/// about CHANNEL TAG               about TAG STATE TYPE COUNT READ WRITE HOST BEACON-PERIOD
/// get TAG CHANNEL TYPE COUNT      value TAG STATUS TYPE COUNT HEX
/// put TAG CHANNEL TYPE COUNT HEX  done TAG STATUS
/// write TAG CHANNEL TYPE COUNT HEX    sent TAG STATUS
/// watch TAG CHANNEL TYPE COUNT MASK   value TAG …, each time
/// unwatch TAG
/// close CHANNEL
/// sizes TAG                       sizes TAG OFFSET:SIZE of every type
/// refused TAG STATUS: the library itself would not; exception STATUS OPERATION TEXT
/// </code></remarks>
internal static unsafe class CaRemote
{
    private const int ConnectionUp = 6;
    private const int Types = 39;

    // Callbacks come from C, which knows no objects: one context in a process.
    private static readonly Dictionary<int, nint> Channels = [];
    private static readonly Dictionary<int, nint> Subscriptions = [];
    private static readonly Lock Output = new();

    public static int Run()
    {
        if (CaLibrary.CreateContext(1) != CaLibrary.Normal)
            return 1;
        CaLibrary.OnException(&Excepted, 0);
        Say($"ready {CaLibrary.Version}");
        while (Console.In.ReadLine() is { } line)
        {
            Do(line.Split(' '));
            CaLibrary.Flush();
        }
        CaLibrary.DestroyContext();
        return 0;
    }

    private static void Do(string[] words)
    {
        switch (words[0])
        {
            case "open":
                Open(Number(words[1]), words[2]);
                break;
            case "about":
                About(Channels[Number(words[1])], words[2]);
                break;
            case "get":
                Try(words[1], CaLibrary.Get(
                    Number(words[3]), (nuint)Number(words[4]), Channels[Number(words[2])], &Answered, Number(words[1])));
                break;
            case "put":
            case "write":
                Put(words[0] == "put", words[1], Channels[Number(words[2])], Number(words[3]), Number(words[4]), words[5]);
                break;
            case "watch":
                Try(words[1], CaLibrary.Subscribe(
                    Number(words[3]), (nuint)Number(words[4]), Channels[Number(words[2])], Number(words[5]), &Answered, Number(words[1]),
                    out var subscription));
                Subscriptions[Number(words[1])] = subscription;
                break;
            case "unwatch":
                CaLibrary.Unsubscribe(Subscriptions[Number(words[1])]);
                break;
            case "close":
                CaLibrary.ClearChannel(Channels[Number(words[1])]);
                break;
            case "sizes":
                Say($"sizes {words[1]} {string.Join(' ', Enumerable.Range(0, Types).Select(Size))}");
                break;
            default:
                throw new ArgumentException($"unknown: {words[0]}");
        }
    }

    private static void Open(int number, string name)
    {
        var status = CaLibrary.CreateChannel(name, &Connected, number, 0, out var channel);
        if (status != CaLibrary.Normal)
        {
            Say($"refused {number} {status}");
            return;
        }
        Channels[number] = channel;
        CaLibrary.OnRights(channel, &Permitted);
    }

    private static void About(nint channel, string tag) => Say(string.Create(
        CultureInfo.InvariantCulture,
        $"about {tag} {CaLibrary.State(channel)} {CaLibrary.FieldType(channel)} {CaLibrary.ElementCount(channel)} "
        + $"{CaLibrary.MayRead(channel)} {CaLibrary.MayWrite(channel)} {CaLibrary.HostName(channel)} {CaLibrary.BeaconPeriod(channel)}"));

    private static void Put(bool waits, string tag, nint channel, int type, int count, string hex)
    {
        // The library reads whole structures.
        var data = new byte[Math.Max(CaLibrary.SizeOf(type, count), hex.Length / 2)];
        Convert.FromHexString(hex).CopyTo(data, 0);
        fixed (byte* value = data)
        {
            if (waits)
                Try(tag, CaLibrary.Put(type, (nuint)count, channel, value, &Done, Number(tag)));
            else
                Say($"sent {tag} {CaLibrary.Put(type, (nuint)count, channel, value)}");
        }
    }

    private static string Size(int type) => $"{CaLibrary.OffsetOf(type)}:{CaLibrary.SizeOf(type, 1)}";

    private static void Try(string tag, int status)
    {
        if (status != CaLibrary.Normal)
            Say($"refused {tag} {status}");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Connected(CaConnection came) =>
        Say($"connection {CaLibrary.UserOf(came.Channel)} {(came.Operation == ConnectionUp ? "up" : "down")}");

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Permitted(CaRights said) => Say($"rights {CaLibrary.UserOf(said.Channel)} {said.Rights & 3}");

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Answered(CaEvent said)
    {
        var data = said.Status == CaLibrary.Normal && said.Data != 0
            ? Convert.ToHexString(new ReadOnlySpan<byte>((void*)said.Data, CaLibrary.SizeOf((int)said.Type, (int)said.Count)))
            : "";
        Say($"value {said.User} {said.Status} {said.Type} {said.Count} {data}");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Done(CaEvent said) => Say($"done {said.User} {said.Status}");

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Excepted(CaException said) =>
        Say($"exception {said.Status} {said.Operation} {Marshal.PtrToStringUTF8(said.Context)}");

    private static void Say(string line)
    {
        lock (Output)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
