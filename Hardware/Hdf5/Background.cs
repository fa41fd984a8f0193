namespace Flyscan.Hardware.Hdf5;

/// <summary>Runs a call that blocks in the kernel where it holds nobody up.</summary>
internal static class Background
{
    public static Task RunAsync(Action call)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                try
                {
                    call();
                    done.SetResult();
                }
                catch (IOException failure)
                {
                    done.SetException(failure);
                }
            },
            null);
        return done.Task;
    }
}
