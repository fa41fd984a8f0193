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
    private const int Batch = 1000;
    private const int Rounds = 1000;
    private const int Repeats = 4;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);
    private static long _answers;
    private static long _wanted;
    private static readonly ManualResetEventSlim Enough = new(true);

    /// <summary>Prints median and 99th percentile of single gets in µs, then gets a second in batches and processor time of one in
    /// µs.</summary>
    /// <param name="preemptive">Whether the library's own threads call back, or the caller's in its calls.</param>
    /// <param name="warm">Gets before those that count.</param>
    public static int Run(bool preemptive, string name, int warm, int count)
    {
        Check(CaLibrary.CreateContext(preemptive ? 1 : 0));
        Check(CaLibrary.CreateChannel(name, null, 0, 0, out var channel));
        Check(CaLibrary.PendIo(Within.TotalSeconds));
        if (CaLibrary.State(channel) != Connected)
            throw new TimeoutException($"{name} is not connected");
        var times = Sequential(channel, warm, count);
        // The library's threads would wait for the one that blocks here if it called back only in calls.
        var (rate, cpu) = preemptive ? Pipelined(channel) : (0, 0);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{times[count / 2]:F3} {times[count * 99 / 100]:F3} {rate:F0} {cpu:F3}"));
        CaLibrary.DestroyContext();
        return 0;
    }

    private static double[] Sequential(nint channel, int warm, int count)
    {
        var value = stackalloc byte[CaLibrary.SizeOf(TimeDouble, 1)];
        var times = new double[count];
        for (var i = -warm; i < count; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            Check(CaLibrary.Get(TimeDouble, 1, channel, value));
            Check(CaLibrary.PendIo(Within.TotalSeconds));
            if (i >= 0)
                times[i] = TimeProvider.System.GetElapsedTime(began).TotalMicroseconds;
        }
        Array.Sort(times);
        return times;
    }

    /// <summary>Two batches under way.</summary>
    private static (double Rate, double Cpu) Pipelined(nint channel)
    {
        using var self = Process.GetCurrentProcess();
        var (best, before) = (0.0, self.TotalProcessorTime);
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            Volatile.Write(ref _answers, 0);
            var began = TimeProvider.System.GetTimestamp();
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < Batch; i++)
                    Check(CaLibrary.Get(TimeDouble, 1, channel, &Answered, 0));
                Check(CaLibrary.Flush());
                WaitFor(Batch * round);
            }
            WaitFor(Batch * Rounds);
            best = Math.Max(best, Batch * Rounds / TimeProvider.System.GetElapsedTime(began).TotalSeconds);
        }
        self.Refresh();
        return (best, (self.TotalProcessorTime - before).TotalMicroseconds / Batch / Rounds / Repeats);
    }

    private static void WaitFor(long answers)
    {
        Enough.Reset();
        Volatile.Write(ref _wanted, answers);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _answers) < answers && !Enough.Wait(Within))
            throw new TimeoutException($"{Volatile.Read(ref _answers)} of {answers} answers came");
    }

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
