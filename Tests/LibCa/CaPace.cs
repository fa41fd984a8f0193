using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Flyscan.LibCa;

/// <summary>How fast the C library reads one channel with alarm and time stamp.</summary>
internal static unsafe class CaPace
{
    private const int TimeDouble = 20;
    private const int Connected = 2;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);
    private static long _answers;
    private static long _wanted;
    private static readonly ManualResetEventSlim Enough = new(true);

    /// <summary>Answers <c>sequential COUNT</c> with the times of so many gets in µs, and <c>pipelined BATCH ROUNDS</c> with gets a
    /// second and processor time of one in µs.</summary>
    /// <param name="preemptive">Whether the library's own threads call back, or the caller's in its calls.</param>
    public static int Run(bool preemptive, string name)
    {
        Check(CaLibrary.CreateContext(preemptive ? 1 : 0));
        Check(CaLibrary.CreateChannel(name, null, 0, 0, out var channel));
        Check(CaLibrary.PendIo(Within.TotalSeconds));
        if (CaLibrary.State(channel) != Connected)
            throw new TimeoutException($"{name} is not connected");
        while (Console.In.ReadLine()?.Split(' ') is { } words)
        {
            double[] numbers = words[0] == "sequential"
                ? Sequential(channel, Number(words[1]))
                : Pipelined(channel, Number(words[1]), Number(words[2]));
            Console.WriteLine(string.Join(' ', numbers.Select(n => n.ToString("F3", CultureInfo.InvariantCulture))));
        }
        CaLibrary.DestroyContext();
        return 0;
    }

    private static double[] Sequential(nint channel, int count)
    {
        var value = stackalloc byte[CaLibrary.SizeOf(TimeDouble, 1)];
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            Check(CaLibrary.Get(TimeDouble, 1, channel, value));
            Check(CaLibrary.PendIo(Within.TotalSeconds));
            times[i] = TimeProvider.System.GetElapsedTime(began).TotalMicroseconds;
        }
        return times;
    }

    /// <summary>Two batches under way.</summary>
    private static double[] Pipelined(nint channel, int batch, int rounds)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        Volatile.Write(ref _answers, 0);
        var began = TimeProvider.System.GetTimestamp();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < batch; i++)
                Check(CaLibrary.Get(TimeDouble, 1, channel, &Answered, 0));
            Check(CaLibrary.Flush());
            WaitFor(batch * round);
        }
        WaitFor(batch * rounds);
        var rate = batch * rounds / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        self.Refresh();
        return [rate, (self.TotalProcessorTime - before).TotalMicroseconds / batch / rounds];
    }

    private static void WaitFor(long answers)
    {
        Enough.Reset();
        Volatile.Write(ref _wanted, answers);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _answers) < answers && !Enough.Wait(Within))
            throw new TimeoutException($"{Volatile.Read(ref _answers)} of {answers} answers came");
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Answered(CaEvent said)
    {
        if (said.Status == CaLibrary.Normal && Interlocked.Increment(ref _answers) == Volatile.Read(ref _wanted))
            Enough.Set();
    }

    private static void Check(int status)
    {
        if (status != CaLibrary.Normal)
            throw new InvalidOperationException($"the C library answered {status}");
    }
}
