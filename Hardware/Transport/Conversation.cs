using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Transport;

/// <summary>Turns what a conversation with a device can end in into an outcome that names the device.</summary>
/// <remarks><b>Units</b> replyWithinNs: nanoseconds, the longest wait for a reply.</remarks>
internal sealed class Conversation(string device, long replyWithinNs)
{
    public async Task<Outcome<T>> RunAsync<T>(string what, Func<Task<Outcome<T>>> talk)
    {
        try
        {
            return await talk();
        }
        catch (TimeoutException error)
        {
            return new Outcome<T>.TimedOut($"{device}: {what}: {error.Message}", replyWithinNs);
        }
        catch (IOException error)
        {
            return new Outcome<T>.Failed($"{device}: {what}: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            return new Outcome<T>.Cancelled();
        }
    }
}
